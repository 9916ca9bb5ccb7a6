import { FrameQueue } from './frame-queue.ts';
import type { ResolvedOptions } from './options.ts';

/** Queues kept for later: one for each client that has sent something and was not served yet. */
const SPARE = 256;

/** One `open` of a gate: what the clients share that come by it. */
export class Opening<Host> {
  readonly host: Host;
  readonly options: ResolvedOptions;
  readonly #spare: FrameQueue[] = [];

  constructor(host: Host, options: ResolvedOptions) {
    this.host = host;
    this.options = options;
  }

  /** A queue for a client of which something has come; those of silent ones hold none. */
  lend(): FrameQueue {
    return this.#spare.pop() ?? new FrameQueue(this.options.header, this.options.maxFrame);
  }

  /** Takes back one that is at rest. */
  giveBack(queue: FrameQueue): void {
    if (this.#spare.length < SPARE) this.#spare.push(queue);
  }
}

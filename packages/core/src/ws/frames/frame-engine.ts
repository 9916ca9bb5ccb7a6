import { Flusher } from '../../transport/flusher.ts';
import { HandleEngine } from '../../transport/handle-engine.ts';
import { nativeStreams } from '../../transport/native-stream.ts';
import { LONGEST_HEAD } from './frame.ts';
import { FrameReader } from './frame-reader.ts';

/** Readers kept for later: one for each connection that is read at the same time, which is seldom more than one. */
const SPARE = 16;

/** What the connections of one transport share: a reader is lent to those in whose frames something is incomplete. */
export class FrameEngine {
  /** Leaves room for the head of a message. */
  readonly flusher: Flusher = new Flusher(LONGEST_HEAD);
  /** Undefined where handles are out of reach. */
  readonly handles: HandleEngine | undefined;
  readonly #limit: number;
  readonly #spare: FrameReader[] = [];

  /** @param limit Most bytes of a message that comes. */
  constructor(limit: number) {
    this.#limit = limit;
    const streams = nativeStreams();
    this.handles = streams === undefined ? undefined : new HandleEngine(streams, this.flusher);
  }

  lend(): FrameReader {
    return (
      this.#spare.pop() ?? new FrameReader({ masking: 'required', limit: this.#limit, memory: 'reader' })
    );
  }

  /** Takes back one that is at rest. */
  giveBack(reader: FrameReader): void {
    if (this.#spare.length < SPARE) this.#spare.push(reader);
  }
}

import { existsSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
import { BeatingLinks, type Beats, type BeatTimes } from './beats.ts';
import type { FromHeartbeat, HeartbeatSetup, ToHeartbeat } from './heartbeat-wire.ts';

/** The thread that beats for a node, and hears the beats of others. */
export class Heartbeat {
  readonly #worker: Worker | undefined;
  readonly #links: BeatingLinks;
  /** The port that beats are taken on, 0 if none. Settles once. */
  readonly port: Promise<number>;

  constructor(host: string, port: number, { every, silence }: BeatTimes) {
    this.#links = new BeatingLinks(every);
    this.#worker = startWorker({ host, port, memory: this.#links.memory, every, silence });
    this.port = new Promise((resolve) => {
      if (this.#worker === undefined) resolve(0);
      this.#worker?.on('message', (message: FromHeartbeat) => {
        if (message.kind === 'bound') resolve(message.port);
        else this.#links.told(message);
      });
      this.#worker?.on('error', () => resolve(0));
      this.#worker?.on('exit', () => resolve(0));
    });
  }

  /**
   * Beats for a link from now on; `silent` is called once when nothing is heard of the other side. Undefined when too many do
   * already.
   */
  begin(
    peer: { readonly host: string; readonly port: number; readonly theirs: string; readonly mine: string },
    silent: (isStalled: boolean) => void,
  ): Beats | undefined {
    return this.#links.begin(
      silent,
      (key) => this.#tell({ kind: 'began', key, ...peer }),
      (key) => this.#tell({ kind: 'ended', key }),
    );
  }

  #tell(message: ToHeartbeat): void {
    this.#worker?.postMessage(message);
  }

  stop(): void {
    this.#links.stop();
    void this.#worker?.terminate();
  }
}

/** Always built JavaScript, also when this module runs from its source; undefined where the package is not built. */
function startWorker(workerData: HeartbeatSetup): Worker | undefined {
  const here = import.meta.url;
  const file = here.endsWith('.ts')
    ? new URL('../../dist/mesh/heartbeat-main.js', here)
    : new URL('./mesh/heartbeat-main.js', here);
  if (!existsSync(file)) return undefined;
  const worker = new Worker(file, { workerData, resourceLimits: { maxOldGenerationSizeMb: 16 } });
  worker.unref();
  return worker;
}

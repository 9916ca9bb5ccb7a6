import { existsSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
import { type FromHeartbeat, type HeartbeatSetup, LAST_ROUND, type ToHeartbeat } from './heartbeat-wire.ts';

/** Links that can beat at the same time. */
const MAX_LINKS = 1023;

/** How often a node shows that it lives, and after which silence it counts as lost, in milliseconds. */
export interface HeartbeatTimes {
  readonly every: number;
  readonly silence: number;
}

/** One link, as far as beats are concerned. */
export interface Beats {
  /** Bytes came. */
  heard(): void;
  end(): void;
}

/** The thread that beats for a node, and hears the beats of others. */
export class Heartbeat {
  readonly #worker: Worker | undefined;
  readonly #noted = new Float64Array(new SharedArrayBuffer((MAX_LINKS + 1) * Float64Array.BYTES_PER_ELEMENT));
  readonly #silent = new Map<number, (isStalled: boolean) => void>();
  readonly #rounds: NodeJS.Timeout;
  /** The port that beats are taken on, 0 if none. Settles once. */
  readonly port: Promise<number>;

  constructor(host: string, port: number, { every, silence }: HeartbeatTimes) {
    this.#goneRound();
    this.#rounds = setInterval(() => this.#goneRound(), every / 2);
    this.#rounds.unref();
    const memory = this.#noted.buffer as SharedArrayBuffer;
    this.#worker = startWorker({ host, port, memory, every, silence });
    this.port = new Promise((resolve) => {
      if (this.#worker === undefined) resolve(0);
      this.#worker?.on('message', (message: FromHeartbeat) => {
        if (message.kind === 'bound') resolve(message.port);
        else this.#silent.get(message.key)?.(message.isStalled);
      });
      this.#worker?.on('error', () => resolve(0));
      this.#worker?.on('exit', () => resolve(0));
    });
  }

  #goneRound(): void {
    this.#noted[LAST_ROUND] = wallClock();
  }

  /**
   * Beats for a link from now on; `silent` is called once when nothing is heard of the other side. Undefined when too many do
   * already.
   */
  begin(
    peer: { readonly host: string; readonly port: number; readonly theirs: string; readonly mine: string },
    silent: (isStalled: boolean) => void,
  ): Beats | undefined {
    const key = this.#freeKey();
    if (key === undefined) return undefined;
    const noted = this.#noted;
    noted[key] = wallClock();
    this.#silent.set(key, silent);
    this.#tell({ kind: 'began', key, ...peer });
    return {
      heard: () => {
        noted[key] = wallClock();
      },
      end: () => {
        if (this.#silent.get(key) !== silent) return;
        this.#silent.delete(key);
        this.#tell({ kind: 'ended', key });
      },
    };
  }

  #freeKey(): number | undefined {
    for (let key = LAST_ROUND + 1; key <= MAX_LINKS; key++) if (!this.#silent.has(key)) return key;
    return undefined;
  }

  #tell(message: ToHeartbeat): void {
    this.#worker?.postMessage(message);
  }

  stop(): void {
    clearInterval(this.#rounds);
    void this.#worker?.terminate();
  }
}

function wallClock(): number {
  return performance.timeOrigin + performance.now();
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

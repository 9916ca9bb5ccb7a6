import { existsSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
import { meshError } from '../mesh/errors.ts';
import { type FromKeeper, type KeeperSetup, LAST_ROUND, type ToKeeper } from './keeper-wire.ts';

/** Links over subjects that can beat at the same time. */
const MAX_LINKS = 1023;
/** Milliseconds for ending a lease when a node goes. */
const LEAVE_TIME = 2000;

/** Who hears what becomes of a node's lease. */
export interface LeaseWatcher {
  isolated(why: string): void;
  /** It is this node's again. `isAnew`: it was not for a while. */
  renewed(isAnew: boolean): void;
  /** Another node has it. */
  refused(): void;
}

/** One link, as far as beats are concerned. */
export interface Beats {
  /** Bytes came. */
  heard(): void;
  end(): void;
}

/** The thread that keeps a node in its mesh. */
export class Keeper {
  readonly #worker: Worker;
  readonly #noted: Float64Array;
  readonly #silent = new Map<number, (isStalled: boolean) => void>();
  readonly #rounds: NodeJS.Timeout;
  #watcher: LeaseWatcher | undefined;
  #left: (() => void) | undefined;
  /** Settles when it is connected. */
  readonly ready: Promise<void>;

  constructor(setup: Omit<KeeperSetup, 'memory'>) {
    const memory = new SharedArrayBuffer((MAX_LINKS + 1) * Float64Array.BYTES_PER_ELEMENT);
    this.#noted = new Float64Array(memory);
    this.#goneRound();
    this.#rounds = setInterval(() => this.#goneRound(), setup.every / 2);
    this.#rounds.unref();
    this.#worker = startWorker({ ...setup, memory });
    this.ready = new Promise((resolve, reject) => {
      const failed = (why: string): void => {
        reject(meshError('ERR_MESH_UNREACHABLE', `the thread that keeps this node in the mesh: ${why}`));
        this.#left?.();
      };
      this.#worker.on('message', (message: FromKeeper) => {
        if (message.kind === 'ready') resolve();
        else if (message.kind === 'failed') failed(message.why);
        else this.#told(message);
      });
      this.#worker.on('error', (error) => {
        failed(error.message);
        this.#watcher?.isolated(`the thread that renews its lease has failed: ${error.message}`);
      });
      this.#worker.on('exit', () => failed('it has ended'));
    });
    // Whoever waits hears of it.
    this.ready.catch(() => {});
  }

  #told(message: FromKeeper): void {
    switch (message.kind) {
      case 'isolated':
        this.#watcher?.isolated(message.why);
        break;
      case 'renewed':
        this.#watcher?.renewed(message.isAnew);
        break;
      case 'refused':
        this.#watcher?.refused();
        break;
      case 'left':
        this.#left?.();
        break;
      case 'silent':
        this.#silent.get(message.key)?.(message.isStalled);
        break;
      default:
    }
  }

  #goneRound(): void {
    this.#noted[LAST_ROUND] = wallClock();
  }

  /** Renews the lease from now on. */
  renew(revision: number, watcher: LeaseWatcher): void {
    this.#watcher = watcher;
    this.#tell({ kind: 'renew', revision });
  }

  /** Ends the lease. Never rejects, nor takes long. */
  async leave(): Promise<void> {
    this.#watcher = undefined;
    await new Promise<void>((resolve) => {
      this.#left = resolve;
      setTimeout(resolve, LEAVE_TIME).unref();
      this.#tell({ kind: 'leave' });
    });
  }

  /** Beats for a link from now on; `silent` is called once when nothing is heard of the other side. */
  begin(subject: string, silent: (isStalled: boolean) => void): Beats | undefined {
    const key = this.#freeKey();
    if (key === undefined) return undefined;
    const noted = this.#noted;
    noted[key] = wallClock();
    this.#silent.set(key, silent);
    this.#tell({ kind: 'began', key, subject });
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

  #tell(message: ToKeeper): void {
    this.#worker.postMessage(message);
  }

  stop(): void {
    clearInterval(this.#rounds);
    void this.#worker.terminate();
  }
}

function wallClock(): number {
  return performance.timeOrigin + performance.now();
}

/** Always built JavaScript, also when this module runs from its source. */
function startWorker(workerData: KeeperSetup): Worker {
  const here = import.meta.url;
  const file = here.endsWith('.ts')
    ? new URL('../../dist/nats/keeper-main.js', here)
    : new URL('./nats/keeper-main.js', here);
  if (!existsSync(file)) throw meshError('ERR_MESH_UNREACHABLE', '@skynet/harbor is not built');
  // What the process was told of modules is for its sources.
  const worker = new Worker(file, { workerData, execArgv: [] });
  worker.unref();
  return worker;
}

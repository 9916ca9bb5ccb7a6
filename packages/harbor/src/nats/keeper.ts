import { existsSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
import { BeatingLinks, type Beats } from '../mesh/beats.ts';
import { meshError } from '../mesh/errors.ts';
import type { FromKeeper, KeeperSetup, ToKeeper } from './keeper-wire.ts';

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

/** The thread that keeps a node in its mesh. */
export class Keeper {
  readonly #worker: Worker;
  readonly #links: BeatingLinks;
  #watcher: LeaseWatcher | undefined;
  #left: (() => void) | undefined;
  /** Settles when it is connected. */
  readonly ready: Promise<void>;

  constructor(setup: Omit<KeeperSetup, 'memory'>) {
    this.#links = new BeatingLinks(setup.every);
    this.#worker = startWorker({ ...setup, memory: this.#links.memory });
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
        this.#links.told(message);
        break;
      default:
    }
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
    return this.#links.begin(
      silent,
      (key) => this.#tell({ kind: 'began', key, subject }),
      (key) => this.#tell({ kind: 'ended', key }),
    );
  }

  #tell(message: ToKeeper): void {
    this.#worker.postMessage(message);
  }

  stop(): void {
    this.#links.stop();
    void this.#worker.terminate();
  }
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

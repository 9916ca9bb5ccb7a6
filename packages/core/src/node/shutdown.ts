import { hasExitHooks, runExitHooks } from '../actor/leaving.ts';
import type { Service } from '../actor/service.ts';
import { WorkTask } from '../actor/task.ts';
import type { Handle } from '../handle.ts';
import type { Router } from '../route/router.ts';

/** The thread that is stopped. */
export interface StoppingThread {
  readonly router: Router<Service>;
  readonly starter: { stop(): void };
  readonly moves: { stop(): void };
  readonly lines: { readonly logger: Handle };
  log(source: Handle, text: string): void;
}

/** How a thread stops: its services, what they have opened, what packages hold in it, and its logger last of all. */
export class Shutdown {
  readonly #thread: StoppingThread;
  /** What services opened and is being closed, with the service. */
  readonly #closing = new Map<Promise<unknown>, Handle>();
  readonly #closers: (() => void | Promise<void>)[] = [];
  #done: Promise<void> | undefined;

  constructor(thread: StoppingThread) {
    this.#thread = thread;
  }

  /** What a service has opened is being closed. */
  closing(handle: Handle, closed: Promise<unknown>): void {
    this.#closing.set(closed, handle);
    const forget = (): void => void this.#closing.delete(closed);
    closed.then(forget, forget);
  }

  /** Has something closed when all services have ended. */
  onStop(close: () => void | Promise<void>): void {
    this.#closers.push(close);
  }

  /** Runs the exit hooks of all services, last started first, then ends them; gives up after `deadline` ms. Once. */
  run(deadline: number): Promise<void> {
    this.#done ??= this.#stop(deadline);
    return this.#done;
  }

  async #stop(deadline: number): Promise<void> {
    const { starter, moves, router, lines } = this.#thread;
    starter.stop();
    moves.stop();
    const running = router.services().filter(({ handle }) => handle !== lines.logger);
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<'late'>((resolve) => {
      timer = setTimeout(resolve, deadline, 'late');
    });
    for (const service of running.reverse()) {
      const hooks = new Promise<'done'>((resolve) => {
        service.push(new WorkTask(() => runExitHooks(service).then(() => resolve('done')), []));
      });
      if (hasExitHooks(service) && (await Promise.race([hooks, late])) === 'late') {
        this.#thread.log(service.handle, `did not finish its exit hooks within ${deadline} ms`);
        break;
      }
    }
    for (const service of running) service.end('stopped');
    if ((await Promise.race([Promise.all(this.#closing.keys()), late])) === 'late') {
      for (const handle of new Set(this.#closing.values()))
        this.#thread.log(handle, `did not close what it had opened within ${deadline} ms`);
    }
    for (const close of this.#closers.splice(0)) await Promise.race([close(), late]);
    clearTimeout(timer);
    const logger = router.find(lines.logger);
    do await new Promise((resolve) => setImmediate(resolve));
    while (logger !== undefined && logger.mailbox.length > 0);
    logger?.end('stopped');
  }
}

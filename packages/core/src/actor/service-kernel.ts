import type { ServiceKernel, Suspension, ThreadKernel } from '../contracts/kernel.ts';
import type { NodeHost } from '../contracts/node.ts';
import type { Skynet } from '../contracts/skynet.ts';
import type { Handle } from '../handle.ts';
import type { Transports } from '../transport/contract.ts';
import { describe, goneFailure } from './failure.ts';
import type { Service } from './service.ts';
import { WorkTask } from './task.ts';

/** What packages that extend the framework get of a service; made on first use. */
export class KernelOfService implements ServiceKernel {
  readonly skynet: Skynet;
  readonly #service: Service;
  readonly #host: NodeHost;

  constructor(skynet: Skynet, service: Service, host: NodeHost) {
    this.skynet = skynet;
    this.#service = service;
    this.#host = host;
  }

  get thread(): number {
    return this.#host.thread;
  }

  get transports(): Transports {
    return this.#host.transports;
  }

  get alive(): boolean {
    return this.#service.alive;
  }

  isAlive(handle: Handle): boolean {
    return this.#host.isAlive(handle);
  }

  enqueue<A, B, C>(work: (a: A, b: B, c: C) => unknown, a: A, b: B, c: C): void {
    if (this.#service.alive)
      this.#service.push(new WorkTask(work as (...args: never[]) => unknown, [a, b, c]));
  }

  run<A, B, C>(work: (a: A, b: B, c: C) => unknown, a: A, b: B, c: C): void {
    this.#service.run(new WorkTask(work as (...args: never[]) => unknown, [a, b, c]));
  }

  suspend<Result>(): Suspension<Result> {
    if (!this.#service.alive) throw goneFailure(this.#service.handle);
    const pending = this.#service.suspend(0, undefined, this.#service.sessions.next());
    return {
      promise: pending.promise as Promise<Result>,
      resolve: (result) => this.#service.settle(pending, result, false),
      reject: (error) => this.#service.settle(pending, error, true),
    };
  }

  own(close: () => void): () => void {
    const { extras } = this.#service;
    extras.owned ??= new Set();
    const { owned } = extras;
    owned.add(close);
    return () => void owned.delete(close);
  }

  local<T>(key: symbol, create: (thread: ThreadKernel) => T): T {
    return this.#host.local(key, create);
  }

  queueLength(handle: Handle): number {
    return this.#host.find(handle)?.mailbox.length ?? 0;
  }

  openRequests(handle: Handle, session: number): number {
    return this.#host.find(handle)?.countRequests(session) ?? 0;
  }

  reportError(what: string, error: unknown): void {
    this.#service.log(`${what}: ${describe(error)}`);
  }
}

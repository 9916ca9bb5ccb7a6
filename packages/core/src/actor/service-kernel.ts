import type { ConsoleDoor } from '../contracts/console.ts';
import type { GoneEvent } from '../contracts/ending.ts';
import type { Answered, ServiceKernel, Suspension, ThreadKernel } from '../contracts/kernel.ts';
import type { Skynet } from '../contracts/skynet.ts';
import { SkynetError } from '../errors.ts';
import { formatHandle, type Handle } from '../handle.ts';
import { type Body, Message } from '../message.ts';
import type { Router } from '../route/router.ts';
import { atCaller } from '../stack.ts';
import type { Connection, ConnectOptions, Listener, ListenOptions } from '../transport/contract.ts';
import { createConsoleDoor } from './console-door.ts';
import { describe, goneFailure } from './failure.ts';
import { leave } from './leaving.ts';
import { Pending } from './pending.ts';
import type { Service } from './service.ts';
import { WorkTask } from './task.ts';

/** What the kernel's side of a context asks of the thread. */
export interface KernelHost {
  readonly threadKernel: ThreadKernel;
  readonly router: Router<Service>;
}

/** What packages that extend the framework get of a service; made on first use. */
export class KernelOfService implements ServiceKernel {
  readonly skynet: Skynet;
  readonly #service: Service;
  readonly #host: KernelHost;
  readonly #listeners = new WeakMap<object, () => void>();
  #held: HeldConnections | undefined;
  #console: ConsoleDoor | undefined;

  constructor(skynet: Skynet, service: Service, host: KernelHost) {
    this.skynet = skynet;
    this.#service = service;
    this.#host = host;
  }

  get thread(): ThreadKernel {
    return this.#host.threadKernel;
  }

  get alive(): boolean {
    return this.#service.alive;
  }

  get traceTag(): string | undefined {
    return this.#service.traceTag;
  }

  isAlive(handle: Handle): boolean {
    return this.#host.router.isAlive(handle);
  }

  enqueue<Args extends unknown[]>(work: (...args: Args) => unknown, ...args: Args): void {
    if (this.#service.alive) this.#service.push(new WorkTask(work as (...args: never[]) => unknown, args));
  }

  run<Args extends unknown[]>(work: (...args: Args) => unknown, ...args: Args): void {
    this.#service.run(new WorkTask(work as (...args: never[]) => unknown, args));
  }

  ask<About extends object>(
    to: Handle,
    type: string,
    body: Body,
    answered: Answered<About>,
    about?: About,
  ): number {
    const service = this.#service;
    if (!service.alive) throw goneFailure(service.handle);
    const { id } = service.protocols.named(type);
    const session = service.sessions.next();
    if (!this.#host.router.deliver(to, new Message(id, session, service.handle, body))) {
      throw new SkynetError('ERR_NO_SERVICE', `call to invalid address ${formatHandle(to)}`, {
        details: { service: formatHandle(to) },
      });
    }
    service.sessions.add(new Pending(about, session, to, undefined, answered as Answered));
    return session;
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

  own(close: () => unknown, holds?: () => string | undefined): () => void {
    return this.#service.own(close, holds);
  }

  watch(handle: Handle, gone: (event: GoneEvent) => unknown): () => void {
    if (!this.#service.alive) throw goneFailure(this.#service.handle);
    return this.#service.watch(handle, gone);
  }

  connect(address: string, options: ConnectOptions = {}): Promise<Connection> {
    return this.#opened(
      this.thread.transports.connect(address, options),
      (connection) => this.#connections.add(connection),
      (connection) => connection.destroy(),
    );
  }

  async listen(
    address: string,
    options: ListenOptions,
    accept: (connection: Connection) => void,
  ): Promise<Listener> {
    let isOwned = true;
    const listening = this.thread.transports.listen(address, options, (connection) => {
      if (this.#service.alive || !isOwned) accept(connection);
      else connection.destroy();
    });
    let forget = (): void => {};
    const listener = await this.#opened(
      listening,
      (opened) => {
        forget = this.own(
          () => opened.close(),
          () => `a listener at ${opened.address}`,
        );
      },
      (opened) => opened.close(),
    );
    const own: Listener = {
      address: listener.address,
      url: listener.url,
      port: listener.port,
      pause: () => listener.pause(),
      resume: () => listener.resume(),
      close: () => {
        forget();
        return listener.close();
      },
    };
    this.#listeners.set(own, () => {
      isOwned = false;
      forget();
    });
    return own;
  }

  release(opened: Connection | Listener): void {
    this.#listeners.get(opened)?.();
    this.#held?.delete(opened as Connection);
  }

  get #connections(): HeldConnections {
    if (this.#held === undefined) {
      const held = new HeldConnections();
      this.own(
        () => held.close(),
        () => held.text,
      );
      this.#held = held;
    }
    return this.#held;
  }

  /** Waits in the turn for something that then belongs to the service; what comes to nobody is closed. */
  #opened<Opened>(
    opening: Promise<Opened>,
    own: (opened: Opened) => void,
    closeLate: (opened: Opened) => unknown,
  ): Promise<Opened> {
    const service = this.#service;
    if (!service.alive) {
      opening.then(closeLate, () => {});
      return Promise.reject(atCaller(goneFailure(service.handle)));
    }
    const pending = service.suspend(0, undefined, service.sessions.next());
    opening.then(
      (opened) => {
        if (service.settle(pending, opened, false)) own(opened);
        else closeLate(opened);
      },
      (error: unknown) => service.settle(pending, error, true),
    );
    return pending.promise as Promise<Opened>;
  }

  queueLength(handle: Handle): number {
    return this.#host.router.find(handle)?.mailbox.length ?? 0;
  }

  openRequests(handle: Handle, session: number): number {
    return this.#host.router.find(handle)?.countRequests(session) ?? 0;
  }

  answerDebug(name: string, answer: (...args: unknown[]) => unknown): void {
    const { extras } = this.#service;
    extras.debug ??= new Map();
    extras.debug.set(name, answer);
  }

  get console(): ConsoleDoor {
    this.#console ??= createConsoleDoor(this);
    return this.#console;
  }

  fail(error: unknown): void {
    this.reportError('failed', error);
    leave(this.#service, 'failed');
  }

  reportError(what: string, error: unknown): void {
    this.#service.log(`${what}: ${describe(error)}`);
  }
}

/** Connections that a service has opened, closed with it. Those that are over are forgotten when there are many. */
class HeldConnections {
  readonly #connections = new Set<Connection>();
  #sweepAt = 16;

  add(connection: Connection): void {
    this.#connections.add(connection);
    if (this.#connections.size < this.#sweepAt) return;
    for (const held of this.#connections) if (held.closed) this.#connections.delete(held);
    this.#sweepAt = Math.max(16, this.#connections.size * 2);
  }

  delete(connection: Connection): void {
    this.#connections.delete(connection);
  }

  /** What is open, in words. */
  get text(): string | undefined {
    let open = 0;
    for (const { closed } of this.#connections) if (!closed) open++;
    if (open === 0) return undefined;
    return open === 1 ? 'an open connection' : `${open} open connections`;
  }

  close(): void {
    for (const connection of this.#connections) connection.close();
  }
}

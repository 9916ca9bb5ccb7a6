import { overloadedFailure } from '../actor/failure.ts';
import { Refusals } from '../actor/refusals.ts';
import type { Service } from '../actor/service.ts';
import { formatHandle, type Handle } from '../handle.ts';
import { Message } from '../message.ts';
import { PTYPE } from '../protocol.ts';
import type { Router } from '../route/router.ts';
import type { OverloadSink } from './link.ts';

/** The thread whose messages wait. */
export interface OverloadedThread {
  readonly router: Router<Service>;
  clock(): number;
  log(source: Handle, text: string): void;
}

/** What is told, and whom, when messages wait for threads that do not read. */
export class Overload implements OverloadSink {
  /** How many may wait for one thread; more requests and sends are refused. */
  readonly limit: number;
  readonly #thread: OverloadedThread;
  /** By thread. */
  readonly #refusals = new Map<number, Refusals>();

  constructor(limit: number, thread: OverloadedThread) {
    this.limit = limit;
    this.#thread = thread;
  }

  /** So many messages wait for a thread. */
  waiting(thread: number, length: number, to: Handle, message: Message): void {
    this.#thread.log(
      message.source,
      `May overload, messages waiting for thread ${thread} = ${length}, the last ${this.#way(to, message)}`,
    );
  }

  /** A message was not taken, since so many wait already. */
  refused(thread: number, to: Handle, message: Message): void {
    const { source, session } = message;
    const refusals = this.#refusals.get(thread) ?? new Refusals();
    this.#refusals.set(thread, refusals);
    const count = refusals.add(this.#thread.clock());
    if (count !== undefined)
      this.#thread.log(
        source,
        `Overloaded, ${count} ${count === 1 ? 'message' : 'messages'} for thread ${thread} refused (threadBacklog ${this.limit}), the last ${this.#way(to, message)}`,
      );
    if (session !== 0)
      this.#thread.router.deliver(source, new Message(PTYPE.ERROR, session, to, overloadedFailure(to)));
  }

  /** Between whom a message goes, and its type as its sender calls it. */
  #way(to: Handle, { source, type }: Message): string {
    const name = this.#thread.router.find(source)?.protocols.numbered(type)?.name ?? String(type);
    return `from ${formatHandle(source)} to ${formatHandle(to)}, type ${name}`;
  }
}

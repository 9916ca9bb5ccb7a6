import { failedWait } from '../actor/failure.ts';
import { errorFromData, errorToData } from '../codec/error.ts';
import type { TakePost } from '../contracts/kernel.ts';
import { SkynetError } from '../errors.ts';
import type { Handle } from '../handle.ts';
import { LimitedMessage, type Message } from '../message.ts';
import type { MessageSource } from '../schedule/scheduler.ts';
import type { Link, OverloadSink } from './link.ts';
import { ThreadLinks } from './thread-links.ts';
import type { Control, PeerSetup } from './wire.ts';

/** What one thread asks of another, besides messages and what {@link Neighbours} sees to itself. */
export type Order = Exclude<Control, { op: 'done' | 'failed' | 'driver' | 'deadline' }>;

/** The thread that has these neighbours. */
export interface Resident {
  /** A message for one of its services. */
  arrived(to: Handle, message: Message, from: number): void;
  /** A message that the thread of its receiver had not read when it was lost. */
  unread(to: Handle, message: Message): void;
  /** What is told when messages wait for a thread that does not read. */
  readonly overload: OverloadSink;
  /** Carries an order out; what the promise settles to is the answer to one that asks. */
  carryOut(order: Order, from: number): Promise<unknown> | undefined;
}

/** An answer that another thread owes. */
interface Asked {
  readonly thread: number;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
  readonly timer: NodeJS.Timeout | undefined;
}

/** How long an answer may take. */
export interface AskOptions {
  /** Milliseconds; without it an answer is waited for as long as the other thread lives. */
  readonly timeout?: number;
}

/** The other threads of the node, as one thread deals with them. In a node with one thread there are none. */
export class Neighbours {
  readonly overload: OverloadSink;
  readonly #resident: Resident;
  readonly #links: ThreadLinks | undefined;
  readonly #asked = new Map<number, Asked>();
  readonly #drivers = new Map<string, TakePost>();
  readonly #lossListeners = new Set<(thread: number) => void>();
  #lastAsk: number;
  /** Deadline of the request that comes next. */
  #limit: (Extract<Control, { op: 'deadline' }> & { from: number }) | undefined;

  constructor(resident: Resident, peers: readonly PeerSetup[], incarnation: number) {
    // Answers to what a lost thread had asked must not be taken for those to its successor.
    this.#lastAsk = incarnation * 2 ** 32;
    this.#resident = resident;
    this.overload = resident.overload;
    this.#links = peers.length === 0 ? undefined : new ThreadLinks(this, peers);
  }

  /** Where messages of others come from; undefined if there are no others. */
  get source(): MessageSource | undefined {
    return this.#links;
  }

  /** Begins to listen, when the resident is ready: messages may be there already. */
  open(): void {
    this.#links?.open();
  }

  /** Milliseconds that this thread has looked for their messages and found none. */
  get looked(): number {
    return this.#links?.looked ?? 0;
  }

  get threads(): number[] {
    return this.#links?.peers ?? [];
  }

  post(thread: number, to: Handle, message: Message, isPassedOn = false): void {
    const { source, session, deadline } = message;
    // Stands right before its request.
    if (deadline !== 0) this.tell(thread, { op: 'deadline', source, session, deadline });
    this.linkTo(thread)?.post(to, message, isPassedOn);
  }

  /** The link to a thread, for messages without a deadline; undefined if it is lost and not started again. */
  linkTo(thread: number): Link | undefined {
    return this.#links?.to(thread);
  }

  tell(thread: number, control: Control): void {
    this.linkTo(thread)?.postControl(control);
  }

  tellAll(control: Control): void {
    this.#links?.postControlToAll(control);
  }

  /**
   * Gives an order that is answered.
   * @throws what the other thread failed with; ERR_SERVICE_GONE when it is lost, at once if it is not started again;
   *   ERR_TIMEOUT. The last two name the thread in `details.thread`.
   */
  ask(thread: number, order: (id: number) => Order, { timeout }: AskOptions = {}): Promise<unknown> {
    if (!this.threads.includes(thread)) return Promise.reject(threadGone(thread));
    const id = ++this.#lastAsk;
    return new Promise((resolve, reject) => {
      const timer =
        timeout === undefined ? undefined : setTimeout(() => this.#tooLate(id, timeout), timeout).unref();
      this.#asked.set(id, { thread, resolve, reject, timer });
      this.tell(thread, order(id));
    });
  }

  #tooLate(id: number, timeout: number): void {
    const asked = this.#settle(id);
    if (asked === undefined) return;
    const { thread, reject } = asked;
    reject(
      failedWait('ERR_TIMEOUT', `thread ${thread} did not answer within ${timeout} ms`, {
        details: { thread },
      }),
    );
  }

  /** Listens for what drivers of other threads send under a key. */
  onPost(key: string, take: TakePost): () => void {
    if (this.#drivers.has(key))
      throw new SkynetError('ERR_ARGUMENT', `somebody listens for "${key}" of other threads already`);
    this.#drivers.set(key, take);
    return () => void this.#drivers.delete(key);
  }

  onLost(listener: (thread: number) => void): () => void {
    this.#lossListeners.add(listener);
    return () => void this.#lossListeners.delete(listener);
  }

  /**
   * A thread is gone, and another was started in its place: that is `peer`, undefined if none is. What the lost one has
   * not read goes to its successor, as far as it is not meant for the lost one itself; who asked is told of the rest.
   */
  replace(thread: number, peer: PeerSetup | undefined): void {
    const kept = new Set<number>();
    for (const unread of this.#links?.replace(thread, peer) ?? []) {
      if ('message' in unread) {
        this.#resident.unread(unread.to, unread.message);
      } else if (peer !== undefined && !isPersonal(unread.control)) {
        if ('id' in unread.control) kept.add(unread.control.id);
        this.tell(thread, unread.control);
      }
    }
    for (const listener of this.#lossListeners) listener(thread);
    for (const [id, asked] of this.#asked) {
      if (asked.thread !== thread || kept.has(id)) continue;
      this.#settle(id)?.reject(
        failedWait('ERR_SERVICE_GONE', `call failed: thread ${thread} was lost`, { details: { thread } }),
      );
    }
  }

  arrived(to: Handle, message: Message, from: number): void {
    const limit = this.#limit;
    // Another thread's message may come in between.
    if (limit === undefined || limit.from !== from) {
      this.#resident.arrived(to, message, from);
      return;
    }
    this.#limit = undefined;
    const { type, session, source, body } = message;
    const isMeant = limit.source === source && limit.session === session;
    this.#resident.arrived(
      to,
      isMeant ? new LimitedMessage(type, session, source, body, limit.deadline) : message,
      from,
    );
  }

  control(from: number, control: Control): void {
    switch (control.op) {
      case 'done':
        this.#settle(control.id)?.resolve(control.value);
        break;
      case 'failed':
        this.#settle(control.id)?.reject(errorFromData(control.error));
        break;
      case 'deadline':
        this.#limit = { ...control, from };
        break;
      case 'driver':
        this.#drivers.get(control.key)?.(control.values, from, control.memories ?? []);
        break;
      default: {
        const answer = this.#resident.carryOut(control, from);
        if (answer !== undefined && 'id' in control) this.#answer(from, control.id, answer);
      }
    }
  }

  #settle(id: number): Asked | undefined {
    const asked = this.#asked.get(id);
    this.#asked.delete(id);
    clearTimeout(asked?.timer);
    return asked;
  }

  #answer(to: number, id: number, result: Promise<unknown>): void {
    result.then(
      (value) => this.tell(to, { op: 'done', id, value }),
      (error: unknown) => this.tell(to, { op: 'failed', id, error: errorToData(error) }),
    );
  }
}

/** Whether only the thread that it was sent to can do something with it, not one that takes its place. */
function isPersonal({ op }: Control): boolean {
  return op === 'done' || op === 'failed' || op === 'gone';
}

function threadGone(thread: number): SkynetError {
  const text = `call failed: thread ${thread} was lost and is not started again`;
  return failedWait('ERR_SERVICE_GONE', text, { details: { thread } });
}

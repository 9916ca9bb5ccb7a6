import { messageOf } from '../codec/error.ts';
import { packSeriShared } from '../codec/lua-seri.ts';
import type { Remote } from '../contracts/remote.ts';
import { SkynetError } from '../errors.ts';
import { formatHandle, type Handle } from '../handle.ts';
import { type Body, LimitedMessage, limitedLike, Message } from '../message.ts';
import { PTYPE } from '../protocol.ts';

/** What threads other than that of the network tell it. */
export type RemoteOrder =
  | {
      op: 'to-name';
      name: string;
      type: number;
      session: number;
      source: Handle;
      body: Body;
      deadline: number;
    }
  | { op: 'name-given'; name: string; handle: Handle }
  | { op: 'name-given-up'; name: string }
  | { op: 'name-wanted'; name: string };

/** What the way to other nodes needs of the thread it begins in. */
export interface RemoteRoutePlace {
  /** Largest body that can leave, 0 without a network. The same in all threads. */
  maxBody(): number;
  /** Whether bodies leave as the values they are. The same in all threads. */
  hasValues(): boolean;
  /** Hands a message to the thread of the network. */
  post(to: Handle, message: Message): void;
  /** Tells the thread of the network something, in order with messages. */
  tell(order: RemoteOrder): void;
  log(source: Handle, text: string): void;
}

const NOTHING = new Uint8Array(0);

/**
 * The way of messages to other nodes, from one thread. Only the main thread holds the network; the others hand it over in
 * the order of sending. The bodies are packed where they come from, so that whoever sends what cannot be sent hears of it.
 */
export class RemoteRoute {
  readonly #place: RemoteRoutePlace;
  #remote: Remote | undefined;

  constructor(place: RemoteRoutePlace) {
    this.#place = place;
  }

  /** This is the thread of the network. */
  install(remote: Remote): void {
    this.#remote = remote;
  }

  get isOpen(): boolean {
    return this.#remote !== undefined || this.#place.maxBody() > 0;
  }

  /** Whether a service of another node may live, as far as this thread knows. */
  isReachable(handle: Handle): boolean {
    return this.#remote?.isReachable(handle) ?? this.isOpen;
  }

  /**
   * False when it goes nowhere.
   * @throws ERR_UNSERIALIZABLE, ERR_FRAME_TOO_LARGE.
   */
  deliver(to: Handle, message: Message): boolean {
    if (!this.isOpen) return false;
    const packed = this.#packed(message, () => formatHandle(to));
    if (this.#remote !== undefined) return this.#remote.deliver(to, packed);
    this.#place.post(to, packed);
    return true;
  }

  /** As {@link deliver} for a global name that nobody is known to have. */
  deliverToName(name: string, message: Message): boolean {
    if (!this.isOpen) return false;
    const packed = this.#packed(message, () => name);
    if (this.#remote !== undefined) this.#remote.deliverToName(name, packed);
    else {
      const { type, session, source, body, deadline } = packed;
      this.#place.tell({ op: 'to-name', name, type, session, source, body: body as Body, deadline });
    }
    return true;
  }

  /** A global name was given in this node. */
  named(name: string, handle: Handle): void {
    if (!this.isOpen) return;
    if (this.#remote !== undefined) this.#remote.named(name, handle);
    else this.#place.tell({ op: 'name-given', name, handle });
  }

  /** A global name was given up in this node. */
  unnamed(name: string): void {
    if (!this.isOpen) return;
    if (this.#remote !== undefined) this.#remote.unnamed?.(name);
    else this.#place.tell({ op: 'name-given-up', name });
  }

  /** Somebody waits for a global name. */
  wanted(name: string): void {
    if (!this.isOpen) return;
    if (this.#remote !== undefined) this.#remote.wanted(name);
    else this.#place.tell({ op: 'name-wanted', name });
  }

  /** Nobody waits any more for the answer to a request. False if this is not the thread of the network. */
  cancel(to: Handle, source: Handle, session: number): boolean {
    this.#remote?.cancel?.(to, source, session);
    return this.#remote !== undefined;
  }

  watch(handle: Handle): void {
    this.#remote?.watch(handle);
  }

  /** Carries out what another thread tells that of the network. */
  carryOut(order: RemoteOrder): void {
    if (order.op === 'to-name') this.#remote?.deliverToName(order.name, messageOfOrder(order));
    else if (order.op === 'name-given') this.#remote?.named(order.name, order.handle);
    else if (order.op === 'name-given-up') this.#remote?.unnamed?.(order.name);
    else this.#remote?.wanted(order.name);
  }

  /** The message as it leaves the node. An answer that cannot leave becomes an error for who waits for it. */
  #packed(message: Message, to: () => string): Message {
    if (this.#place.hasValues()) return message;
    const { type, session, source, body } = message;
    if (type === PTYPE.ERROR) return new Message(type, session, source, NOTHING);
    try {
      const bytes = body instanceof Uint8Array ? body : packSeriShared(body as readonly unknown[]);
      const limit = this.#place.maxBody();
      if (bytes.length > limit) throw tooLarge(bytes.length, limit);
      return bytes === body ? message : limitedLike(message, type, session, source, bytes as Body);
    } catch (error) {
      if (type !== PTYPE.RESPONSE) throw error;
      this.#place.log(source, `the answer to ${to()} cannot be sent: ${messageOf(error)}`);
      return new Message(PTYPE.ERROR, session, source, NOTHING);
    }
  }
}

function messageOfOrder({
  type,
  session,
  source,
  body,
  deadline,
}: Extract<RemoteOrder, { op: 'to-name' }>): Message {
  return deadline === 0
    ? new Message(type, session, source, body)
    : new LimitedMessage(type, session, source, body, deadline);
}

function tooLarge(size: number, limit: number): SkynetError {
  return new SkynetError(
    'ERR_FRAME_TOO_LARGE',
    `a message of ${size} bytes is above the ${limit} bytes that one to another node can have`,
    { details: { size, limit } },
  );
}

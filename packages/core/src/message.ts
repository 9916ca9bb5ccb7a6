import type { SkynetError } from './errors.ts';
import type { Handle } from './handle.ts';

/**
 * Values in packed form: what `skynet.pack` returns and the raw calls carry on.
 * Inside a node they stay values (copied once, by the sender); towards the original they become lua-seri bytes.
 */
export type Packed = readonly unknown[] & { readonly __packed?: never };

/** The body of a message: packed values, or bytes that only the two ends understand. */
export type Body = Packed | Uint8Array;

/** What travels: the six parts of the original's message (book §7), the receiver being implied. */
export class Message {
  /** Message type, see `PTYPE`. */
  readonly type: number;
  /** 0 when nobody waits for an answer. */
  readonly session: number;
  /** Who sent it, 0 for the kernel. */
  readonly source: Handle;
  /** The body; an error message (`PTYPE.ERROR`) carries the error itself. */
  readonly body: Body | SkynetError;
  /** Next in the mailbox it stands in. */
  next: Message | undefined = undefined;

  constructor(type: number, session: number, source: Handle, body: Body | SkynetError) {
    this.type = type;
    this.session = session;
    this.source = source;
    this.body = body;
  }

  /** When whoever waits for the answer gives up, in milliseconds since the node started; 0 for never. */
  get deadline(): number {
    return 0;
  }
}

/** A request that is waited for until a moment. A class of its own, so that others need no room for that. */
export class LimitedMessage extends Message {
  readonly #deadline: number;

  constructor(type: number, session: number, source: Handle, body: Body | SkynetError, deadline: number) {
    super(type, session, source, body);
    this.#deadline = deadline;
  }

  override get deadline(): number {
    return this.#deadline;
  }
}

/** A message with the deadline of another one, if that has one. */
export function limitedLike(
  other: Message,
  type: number,
  session: number,
  source: Handle,
  body: Body | SkynetError,
): Message {
  const { deadline } = other;
  return deadline === 0
    ? new Message(type, session, source, body)
    : new LimitedMessage(type, session, source, body, deadline);
}

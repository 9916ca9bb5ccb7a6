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
}

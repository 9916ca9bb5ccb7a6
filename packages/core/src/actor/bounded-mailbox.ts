import type { MailboxLimit } from '../mailbox-limit.ts';
import type { Message } from '../message.ts';
import { PTYPE } from '../protocol.ts';
import { Mailbox, type MailboxItem } from './mailbox.ts';

/** Types of messages that always get in: somebody waits for them, or they are the kernel's. */
const UNBOUNDED: ReadonlySet<number> = new Set([
  PTYPE.RESPONSE,
  PTYPE.ERROR,
  PTYPE.SYSTEM,
  PTYPE.DEBUG,
  PTYPE.HARBOR,
  PTYPE.SOCKET,
]);

/** Whether a bound counts an item: a request or a send of another service, nothing else. */
export function isBounded({ type }: { readonly type: number }): boolean {
  return type >= 0 && !UNBOUNDED.has(type);
}

/**
 * A mailbox in which so many messages wait at most. Nothing else counts, nor is it ever refused. `refused` is told of each
 * message that did not get in or had to make room.
 */
export class BoundedMailbox extends Mailbox {
  readonly limit: MailboxLimit;
  readonly #refused: (message: Message) => void;
  /** Items that count. */
  #waiting = 0;

  constructor(limit: MailboxLimit, refused: (message: Message) => void) {
    super();
    this.limit = limit;
    this.#refused = refused;
  }

  override push(item: MailboxItem): boolean {
    if (!isBounded(item)) return super.push(item);
    const { limit, policy } = this.limit;
    if (this.#waiting < limit) {
      this.#waiting++;
      return super.push(item);
    }
    const message = item as Message;
    if (policy === 'drop-oldest') {
      const oldest = this.#oldest();
      super.remove(oldest);
      super.push(item);
      this.#refused(oldest as Message);
      return true;
    }
    this.#refused(message);
    // Who waits for an answer gets one; who does not may see at once that this went nowhere.
    return policy === 'drop-newest' || message.session !== 0;
  }

  override shift(): MailboxItem | undefined {
    const item = super.shift();
    if (item !== undefined && isBounded(item)) this.#waiting--;
    return item;
  }

  /** The one that has waited for longest of those that count. There is one whenever the limit is reached. */
  #oldest(): MailboxItem {
    for (const item of this) if (isBounded(item)) return item;
    throw new Error('a full mailbox without messages');
  }
}

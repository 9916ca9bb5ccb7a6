/** What stands in a mailbox besides messages from services: their types are below zero, see {@link ITEM}. */
export const ITEM = {
  /** A timer that fired. */
  TIMER: -1,
  /** Work put there by a driver or by the service itself. */
  TASK: -2,
  /** A suspended task that a driver lets go on. */
  RESUME: -3,
} as const;

/** Something that waits for its turn. Items are chained through themselves, so that a queue allocates nothing. */
export interface MailboxItem {
  /** A message type, or one of {@link ITEM}. */
  readonly type: number;
  next: MailboxItem | undefined;
}

/** First in, first out, unbounded here; see `BoundedMailbox`. An item stands in one queue at a time. */
export class Mailbox<Item extends MailboxItem = MailboxItem> {
  #head: Item | undefined = undefined;
  #tail: Item | undefined = undefined;
  #length = 0;

  get length(): number {
    return this.#length;
  }

  /** Whether it got in: always, here. */
  push(item: Item): boolean {
    item.next = undefined;
    if (this.#tail === undefined) this.#head = item;
    else this.#tail.next = item;
    this.#tail = item;
    this.#length++;
    return true;
  }

  shift(): Item | undefined {
    const item = this.#head;
    if (item === undefined) return undefined;
    const next = item.next as Item | undefined;
    this.#head = next;
    if (next === undefined) this.#tail = undefined;
    else item.next = undefined;
    this.#length--;
    return item;
  }

  /** Takes an item out wherever it stands, by looking at all before it. Whether it was there. */
  remove(item: Item): boolean {
    let before: Item | undefined;
    for (let at = this.#head; at !== undefined; at = at.next as Item | undefined) {
      if (at !== item) {
        before = at;
        continue;
      }
      if (before === undefined) this.#head = item.next as Item | undefined;
      else before.next = item.next;
      if (this.#tail === item) this.#tail = before;
      item.next = undefined;
      this.#length--;
      return true;
    }
    return false;
  }

  /** The items, first first. */
  *[Symbol.iterator](): Iterator<Item> {
    for (let at = this.#head; at !== undefined; at = at.next as Item | undefined) yield at;
  }
}

import type { MailboxItem } from '../actor/mailbox.ts';
import type { Handle } from '../handle.ts';
import { Message } from '../message.ts';
import { PTYPE } from '../protocol.ts';
import { LogOrder } from './log-order.ts';
import { entryText } from './text.ts';

/** Takes a line that is ready to be written. */
export type WriteLine = (source: Handle, text: string) => void;

/** What the log needs of the thread whose services write it. */
export interface ThreadLogPlace {
  /** In a node with several threads: what puts their lines in order. */
  readonly order?: {
    /** Number of the next line of the node. */
    nextNumber(): number;
    /** Hands a line to the main thread, which calls {@link ThreadLog.arrived}; undefined in that thread itself. */
    readonly toMain?: (number: number, source: Handle, text: string) => void;
  };
  deliver(to: Handle, message: Message): boolean;
  /** Takes lines while there is no logger. */
  readonly directly: WriteLine;
}

/** The log of one thread: its lines, in the order of those of all threads, go to the service that takes the log. */
export class ThreadLog {
  /** The service that takes the log, 0 while there is none. */
  logger: Handle = 0;
  readonly #place: ThreadLogPlace;
  readonly #order = new LogOrder(0, (source, text) => this.#write(source, text));

  constructor(place: ThreadLogPlace) {
    this.#place = place;
  }

  add(source: Handle, words: string): void {
    this.note(source, entryText(words));
  }

  /** A line of the kernel's own words: every start and end of a service has one, and looking through it costs as much as the rest. */
  note(source: Handle, text: string): void {
    const { order } = this.#place;
    if (order === undefined) this.#write(source, text);
    else if (order.toMain === undefined) this.#order.add(order.nextNumber(), source, text);
    else order.toMain(order.nextNumber(), source, text);
  }

  /** A line of another thread. */
  arrived(number: number, source: Handle, text: string): void {
    this.#order.add(number, source, text);
  }

  /** A thread is gone: what waits for lines of it waits no more. */
  skipMissing(): void {
    this.#order.skipMissing();
  }

  #write(source: Handle, text: string): void {
    const { deliver, directly } = this.#place;
    if (this.logger === 0 || !deliver(this.logger, new Message(PTYPE.TEXT, 0, source, [text])))
      directly(source, text);
  }
}

/** Hands over the lines that wait at a logger which will not take them any more. */
export function drainLines(mailbox: { shift(): MailboxItem | undefined }, write: WriteLine): void {
  for (let item = mailbox.shift(); item !== undefined; item = mailbox.shift()) {
    const { type, source, body } = item as Message;
    if (type === PTYPE.TEXT) write(source, Array.isArray(body) ? String(body[0]) : '');
  }
}

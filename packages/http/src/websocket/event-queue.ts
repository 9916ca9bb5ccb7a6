import type { SkynetError } from '@skynet/core';

/** Something of a connection that its service is told. */
export type WebSocketEvent =
  | { readonly kind: 'text' | 'binary'; readonly data: string | Buffer; readonly size: number }
  /** With a payload if it is still to be answered. */
  | { readonly kind: 'ping'; readonly payload: Buffer | undefined }
  | { readonly kind: 'pong' }
  | { readonly kind: 'warning'; readonly kilobytes: number }
  | {
      readonly kind: 'close';
      readonly code: number | undefined;
      readonly reason: string | undefined;
      readonly payload: Buffer;
    }
  | { readonly kind: 'error'; readonly error: SkynetError };

/** What may wait for a service that is slow, before the peer is not read from any more. Half of it is room again. */
const HIGH_BYTES = 262_144;
const HIGH_EVENTS = 256;
/** Events that were told, after which their memory is given back. */
const COMPACT = 1024;

/** What came and was not told yet, in order. */
export class EventQueue {
  #events: WebSocketEvent[] = [];
  /** How many of them have been told. */
  #at = 0;
  /** Of the messages that wait. */
  #bytes = 0;

  /** @returns whether that is too much. */
  push(event: WebSocketEvent): boolean {
    this.#events.push(event);
    if ('size' in event) this.#bytes += event.size;
    return this.#bytes > HIGH_BYTES || this.#length > HIGH_EVENTS;
  }

  next(): WebSocketEvent | undefined {
    const event = this.#events[this.#at];
    if (event === undefined) {
      if (this.#at > 0) this.#forget();
      return undefined;
    }
    this.#at += 1;
    if ('size' in event) this.#bytes -= event.size;
    if (this.#at === COMPACT) this.#forget();
    return event;
  }

  /** Whether more may come again. */
  get hasRoom(): boolean {
    return this.#bytes < HIGH_BYTES / 2 && this.#length < HIGH_EVENTS / 2;
  }

  get #length(): number {
    return this.#events.length - this.#at;
  }

  #forget(): void {
    this.#events = this.#events.slice(this.#at);
    this.#at = 0;
  }
}

import type { Handle } from '../handle.ts';
import type { Message } from '../message.ts';

/** Sources whose tag waits for a request. */
const MAX_SOURCES = 1024;

/** Tags of the traces that requests belong to: a message before the request tells them, as the original's nodes do. */
export class TraceTags {
  readonly #told = new Map<Handle, string>();
  readonly #tags = new WeakMap<Message, string>();

  /** The next request of that source belongs to a trace. */
  tell(source: Handle, tag: string): void {
    if (this.#told.size >= MAX_SOURCES) this.#told.clear();
    this.#told.set(source, tag);
  }

  /** A request has come. */
  take(request: Message): void {
    const tag = this.#told.get(request.source);
    if (tag === undefined) return;
    this.#told.delete(request.source);
    this.#tags.set(request, tag);
  }

  of(request: Message): string | undefined {
    return this.#tags.get(request);
  }
}

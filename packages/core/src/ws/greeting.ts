import type { Visit } from '../transport/entrance.ts';
import type { HandleEngine, HandleOwner, OwnedHandle } from '../transport/handle-engine.ts';

/** What becomes of who has said something: bytes that are valid during the call. */
export type Greeted = (handle: OwnedHandle, visit: Visit, bytes: Uint8Array) => void;

/** A connection of which nothing has come yet: Node's handle, before it is known whether a socket has to be made of it. */
export class Greeting implements HandleOwner {
  readonly #handle: OwnedHandle;
  readonly #engine: HandleEngine;
  readonly #visit: Visit;
  readonly #greeted: Greeted;
  readonly #left: (visit: Visit) => void;

  /** @param left Called when it is closed, unless it has said something before: then its handle is somebody else's. */
  constructor(
    handle: OwnedHandle,
    engine: HandleEngine,
    visit: Visit,
    greeted: Greeted,
    left: (visit: Visit) => void,
  ) {
    this.#handle = handle;
    this.#engine = engine;
    this.#visit = visit;
    this.#greeted = greeted;
    this.#left = left;
  }

  start(): void {
    this.#engine.own(this.#handle, this);
    if (this.#handle.readStart() < 0) setImmediate(() => this.close());
  }

  onread(size: number): undefined {
    if (size < 0) this.close();
    if (size <= 0) return;
    this.#handle.readStop();
    this.#greeted(this.#handle, this.#visit, this.#engine.bytes(size));
  }

  close(): void {
    this.#handle.close(() => this.#left(this.#visit));
  }
}

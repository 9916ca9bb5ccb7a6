// Frames of two bytes of length and a payload, in as little code as a page should have to load; `@skynet/core/netpack` is
// the one for servers, which have to fear their peers' lengths.

/** A payload as a frame. It has at most 65535 bytes. */
export function frameOf(payload: Uint8Array): Uint8Array {
  const frame = new Uint8Array(payload.length + 2);
  frame[0] = payload.length >>> 8;
  frame[1] = payload.length;
  frame.set(payload, 2);
  return frame;
}

/** Cuts a stream of bytes into payloads. */
export class FrameCutter {
  /** What has come of a frame that is not whole. */
  #rest: Uint8Array = new Uint8Array(0);

  /** Calls `onFrame` for each payload that is whole now; it may keep it. */
  push(chunk: Uint8Array, onFrame: (payload: Uint8Array) => void): void {
    const bytes = new Uint8Array(this.#rest.length + chunk.length);
    bytes.set(this.#rest);
    bytes.set(chunk, this.#rest.length);
    let at = 0;
    for (;;) {
      const end = at + 2 + (((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0));
      if (bytes.length < at + 2 || bytes.length < end) break;
      onFrame(bytes.subarray(at + 2, end));
      at = end;
    }
    this.#rest = bytes.subarray(at);
  }
}

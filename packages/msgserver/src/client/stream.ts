/** Who gets what a stream delivers. Calls come from the event loop, never from inside another call. */
export interface StreamReceiver {
  /** Bytes; the chunk is valid only during the call. */
  data(chunk: Uint8Array): void;
  /** The server sends no more. */
  end(): void;
  /** All that was written has gone. */
  drained(): void;
  /** The connection broke; `closed` follows. */
  error(error: Error): void;
  /** The connection is over. */
  closed(): void;
}

/** A stream of bytes both ways. The connections of `@skynet/core/transport` are such. */
export interface Stream {
  /** Starts reading. */
  start(receiver: StreamReceiver): void;
  /** Takes bytes to send; never waits. Does nothing once it is over. */
  write(bytes: Uint8Array): void;
  /** Sends what is pending, then closes. */
  close(): void;
  /** Closes at once. */
  destroy(): void;
}

/** Makes a connection to one server. Gives up when `signal` fires. */
export type Dial = (signal: AbortSignal) => Promise<Stream>;

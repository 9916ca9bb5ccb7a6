/** What a connection hears of the bytes under it. Calls come from the event loop. */
export interface WireOwner {
  /** Bytes, which may be written to, and are valid during the call. */
  bytesCame(chunk: Uint8Array): void;
  /** The peer sends no more. */
  wireEnded(): void;
  /** It broke: a number or an error of the system. */
  wireBroke(error: number | NodeJS.ErrnoException): void;
  /** It is closed. Called once, last. */
  wireClosed(): void;
}

/** The bytes under a connection. */
export interface Wire {
  readonly localAddress: string;
  readonly encrypted: boolean;
  /** Whether bytes have come that are not read. */
  readonly unread: boolean;
  /** To be called once, before anything else. */
  open(owner: WireOwner): void;
  read(on: boolean): void;
  /** Sends pieces, in order with all others. Whether that is done; otherwise `done` is called, unless it breaks. */
  write(pieces: Uint8Array | Uint8Array[], done: () => void): boolean;
  /** Tells the peer that no more comes, when all is sent. */
  shut(done: () => void): void;
  close(): void;
  /** Closes so that the peer knows that bytes were not read. */
  reset(): void;
  setNoDelay(on: boolean): void;
  setKeepAlive(milliseconds: number): void;
}

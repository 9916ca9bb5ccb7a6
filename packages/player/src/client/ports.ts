/** What a login gives: `login` of `@skynet/msgserver/client`. */
export interface Ticket {
  readonly user: string;
  readonly server: string;
  readonly subid: string;
  readonly secret: Uint8Array;
}

/** What a connection to the message server tells. */
export interface MessageListeners {
  push(bytes: Uint8Array): void;
  missed(event: { readonly count: number }): void;
  disconnected(event: { readonly error: Error | undefined }): void;
  reconnected(event: { readonly index: number; readonly repeated: number }): void;
  failed(error: Error & { readonly code?: string }): void;
}

/** A client of the message server: `connect` of `@skynet/msgserver/client` gives such. */
export interface MessageClient {
  /** `open` while there is a connection. */
  readonly state: string;
  request(
    content: Uint8Array,
    options?: { timeout?: number | undefined; signal?: AbortSignal | undefined },
  ): Promise<Uint8Array>;
  /** Gives the connection up for a new one. */
  drop(): void;
  close(): void;
}

/** What `connect` is told; with `dial` it is what `connect` of `@skynet/msgserver/client` takes. */
export interface MessageConnect extends Ticket {
  readonly on: MessageListeners;
  readonly signal: AbortSignal;
  /** Requests under way. */
  readonly window: number;
}

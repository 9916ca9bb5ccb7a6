/** What a login gives: `login` of `@skynet/msgserver/client`. */
export interface Ticket {
  readonly user: string;
  readonly server: string;
  readonly subid: string;
  readonly secret: Uint8Array;
}

/** What a connection to the message server tells. */
export interface MessageListeners {
  /** Something has come that is no answer. */
  push(bytes: Uint8Array): void;
  /** So many pushes are lost for good. */
  missed(event: { readonly count: number }): void;
  /** The connection is lost, and looked for again. */
  disconnected(event: { readonly error: Error | undefined }): void;
  /** There is a connection again; requests that were not answered were sent once more. */
  reconnected(event: { readonly index: number; readonly repeated: number }): void;
  /** It will never connect again. */
  failed(error: Error & { readonly code?: string }): void;
}

/** A client of the message server: `connect` of `@skynet/msgserver/client` gives such. */
export interface MessageClient {
  /** `open` while there is a connection. */
  readonly state: string;
  /** Sends a request, now or when there is a connection; resolves to its answer. */
  request(
    content: Uint8Array,
    options?: { timeout?: number | undefined; signal?: AbortSignal | undefined },
  ): Promise<Uint8Array>;
  /** Gives the connection up for a new one. */
  drop(): void;
  /** Ends the client; what is not answered fails. */
  close(): void;
}

/** What `connect` is told; with `dial` it is what `connect` of `@skynet/msgserver/client` takes. */
export interface MessageConnect extends Ticket {
  readonly on: MessageListeners;
  /** Gives the first connection up. */
  readonly signal: AbortSignal;
  /** Requests under way. */
  readonly window: number;
}

import type { Duration } from '@skynet/core';
import { readOptions } from '@skynet/core/options';
import type { HeaderFields } from '../fields.ts';
import { type BodyPieces, isPieces } from './outgoing-body.ts';

/** How a pooled client connects, and what limits its requests. */
export interface HttpClientOptions {
  /** Connections to each origin. Default 16. */
  readonly connections?: number;
  /** Requests that may be under way or wait for a connection; above it ERR_HTTP_BUSY. Default 10 000. */
  readonly maxPending?: number;
  /** For a whole request with its body, unless it says otherwise. Default 30 s; 0 for none. */
  readonly timeout?: Duration;
  /** Most bytes of the body of an answer. Default 64 MiB. */
  readonly bodyLimit?: number;
  /** Most bytes of the head of an answer. Default 64 KiB. */
  readonly headLimit?: number;
  /** How long an idle connection is kept. Default 4 s. */
  readonly idleTimeout?: Duration;
  /** For `https`: certificates to trust in place of the system's, in PEM. */
  readonly ca?: string | Uint8Array;
}

/** One request. */
export interface RequestOptions {
  /** Default GET, or POST with a body. */
  readonly method?: string;
  /** Fields of the head besides those that the client writes itself. */
  readonly headers?: HeaderFields;
  /**
   * Text, bytes, or pieces of it as they come: a list, a generator, an async generator, a stream. Pieces are sent chunked,
   * or with the length that a field `content-length` says; a generator goes on in turns of the service, and waits when the
   * server is slower.
   */
  readonly body?: string | Uint8Array | BodyPieces | null;
  /** A value to be sent as JSON, in place of `body`. */
  readonly json?: unknown;
  /** For the whole request with its body (ERR_TIMEOUT); 0 for none. */
  readonly timeout?: Duration;
  /** Gives it up (ERR_ABORTED). */
  readonly signal?: AbortSignal;
}

/** {@link HttpClientOptions} with everything filled in, times in milliseconds. */
export interface ClientSettings {
  readonly connections: number;
  readonly maxPending: number;
  readonly timeout: number;
  readonly bodyLimit: number;
  readonly headLimit: number;
  readonly idleTimeout: number;
  readonly ca: string | Uint8Array | undefined;
}

const MANY = Number.MAX_SAFE_INTEGER;

/** @throws ERR_ARGUMENT. */
export function readClientOptions(options: HttpClientOptions): ClientSettings {
  return readOptions('http client option', options, (given) => {
    const ca = given.value('ca');
    if (ca !== undefined && typeof ca !== 'string' && !(ca instanceof Uint8Array))
      given.wrong('ca', 'certificates in PEM', typeof ca);
    return {
      connections: given.whole('connections', 1, 65_535, 16),
      maxPending: given.whole('maxPending', 1, MANY, 10_000),
      timeout: given.timer('timeout', 30_000),
      bodyLimit: given.whole('bodyLimit', 0, MANY, 64 << 20),
      headLimit: given.whole('headLimit', 1024, 1 << 24, 65_536),
      idleTimeout: given.timer('idleTimeout', 4000),
      ca: ca as string | Uint8Array | undefined,
    };
  });
}

/** Of a request that is as all others. */
export const NO_OPTIONS: RequestOptions = {};

/** What of {@link RequestOptions} needs reading. @throws ERR_ARGUMENT. */
export function readRequestOptions(
  options: RequestOptions,
  timeout: number,
): { readonly timeout: number; readonly signal: AbortSignal | undefined } {
  if (options === NO_OPTIONS) return { timeout, signal: undefined };
  return readOptions('request option', options, (given) => {
    given.allow(['method', 'headers', 'json']);
    const body = given.value('body');
    if (body !== undefined && typeof body !== 'string' && !isPieces(body))
      given.wrong('body', 'text, bytes or pieces of them', typeof body);
    const signal = given.value('signal');
    if (signal !== undefined && !(signal instanceof AbortSignal))
      given.wrong('signal', 'an AbortSignal', typeof signal);
    return { timeout: given.timer('timeout', timeout), signal: signal as AbortSignal | undefined };
  });
}

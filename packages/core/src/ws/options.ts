import type { ConnectionOptions, TlsOptions } from 'node:tls';
import { SkynetError } from '../errors.ts';

/** Largest message taken unless the settings say otherwise, in bytes. */
const MAX_PAYLOAD = 1 << 20;
/** Milliseconds until a client must have asked for its upgrade. */
const HANDSHAKE_TIMEOUT = 10_000;

/** Settings of {@link ws}. */
export interface WsOptions {
  /** For listening on `wss://`: certificate and key, and whatever else `tls.createServer` takes. */
  server?: TlsOptions;
  /** For connecting to `wss://`: what `tls.connect` takes. The certificate of the server is checked unless told otherwise. */
  client?: Omit<ConnectionOptions, 'host' | 'port' | 'path' | 'socket'>;
  /** Headers to send when connecting. */
  headers?: Readonly<Record<string, string>>;
  /**
   * Whose pages may connect: origins such as `https://game.example`, or a function that decides. Default: everybody's.
   * With a list, clients that name no origin are let in: they are no pages. Others get `403 Forbidden`.
   */
  origins?: readonly string[] | ((origin: string | undefined) => boolean);
  /** Largest message taken, in bytes; a larger one ends the connection with code 1009. Default 1 MiB. */
  maxPayload?: number;
  /**
   * Milliseconds from its accept until a client must have been upgraded, TLS included. Default 10 000. What a listener
   * asks for itself counts before it.
   */
  handshakeTimeout?: number;
  /** Send small messages at once. Default true. */
  noDelay?: boolean;
}

/** Settings with every default filled in. */
export interface ResolvedWsOptions {
  readonly server: TlsOptions;
  readonly client: ConnectionOptions;
  readonly headers: Readonly<Record<string, string>>;
  readonly mayConnect: (origin: string | undefined) => boolean;
  readonly maxPayload: number;
  readonly handshakeTimeout: number;
  readonly noDelay: boolean;
}

function whole(key: 'maxPayload' | 'handshakeTimeout', value: number | undefined, fallback: number): number {
  if (value === undefined) return fallback;
  if (Number.isInteger(value) && value > 0 && value <= 0x7fff_ffff) return value;
  throw new SkynetError(
    'ERR_ARGUMENT',
    `ws option ${key} must be a whole number above 0, not ${String(value)}`,
    {
      details: { key },
    },
  );
}

function originCheck(origins: WsOptions['origins']): (origin: string | undefined) => boolean {
  if (origins === undefined) return () => true;
  if (typeof origins === 'function') return origins;
  if (!Array.isArray(origins) || origins.some((origin) => typeof origin !== 'string')) {
    throw new SkynetError('ERR_ARGUMENT', 'ws option origins must be a list of origins or a function', {
      details: { key: 'origins' },
    });
  }
  const known = new Set(origins.map((origin: string) => origin.toLowerCase()));
  return (origin) => origin === undefined || known.has(origin.toLowerCase());
}

/** Checks settings and fills in the defaults. @throws ERR_ARGUMENT, naming the setting. */
export function resolveWsOptions(options: WsOptions): ResolvedWsOptions {
  const { server = {}, client = {}, headers = {}, noDelay = true } = options;
  return {
    server,
    client,
    headers,
    noDelay,
    mayConnect: originCheck(options.origins),
    maxPayload: whole('maxPayload', options.maxPayload, MAX_PAYLOAD),
    handshakeTimeout: whole('handshakeTimeout', options.handshakeTimeout, HANDSHAKE_TIMEOUT),
  };
}

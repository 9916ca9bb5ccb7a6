import { validateHeaderName, validateHeaderValue } from 'node:http';
import type { ConnectionOptions, TlsOptions } from 'node:tls';
import { type OptionReader, readOptions } from '../options.ts';
import { HANDSHAKE_TIMEOUT } from '../transport/entrance.ts';
import { type Proxies, type ProxyOptions, readProxyOptions } from '../transport/proxies.ts';
import { readTlsSettings, type TlsSettings } from '../transport/tls-settings.ts';
import type { ForwardedHeader } from './forwarded.ts';

/** Largest message taken unless the settings say otherwise, in bytes. */
const MAX_PAYLOAD = 1 << 20;
const LARGEST = 0x7fff_ffff;

/** Settings of {@link ws}. */
export interface WsOptions extends TlsSettings, ProxyOptions {
  /**
   * Trusted peers name their clients in a header of their requests: `X-Forwarded-For` (`true`, or `"x-forwarded-for"`), or
   * `"forwarded"` (RFC 7239). Take the one that the proxy writes itself, never one that it passes on from clients. A
   * trusted peer whose header cannot be read gets `400 Bad Request`. Default false.
   */
  forwarded?: boolean | ForwardedHeader;
  /** Headers to send when connecting. */
  headers?: Readonly<Record<string, string>>;
  /**
   * Whose pages may connect: origins as browsers write them, such as `https://game.example`, or a function that decides.
   * Default: everybody's. With a list, clients that name no origin are let in: they are no pages. Others get `403 Forbidden`.
   */
  origins?: readonly string[] | ((origin: string | undefined) => boolean);
  /** Largest message taken, in bytes; a larger one ends the connection with code 1009. Default 1 MiB. */
  maxPayload?: number;
  /**
   * Milliseconds from its accept until a client must have been upgraded, TLS included. Default 10 000, 0 for ever. What a listener
   * asks for itself counts before it.
   */
  handshakeTimeout?: number;
  /** Send small messages at once. Default true. */
  noDelay?: boolean;
  /**
   * Compress messages for peers that can take it (RFC 7692), through the library `ws`, whose connections cost several times as
   * much. Default false.
   */
  perMessageDeflate?: boolean;
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
  readonly perMessageDeflate: boolean;
  readonly proxies: Proxies | undefined;
  /** The header in which they name clients. */
  readonly forwarded: ForwardedHeader | undefined;
}

/** What an entry that could never match has to be instead; undefined if it can. */
function betterOrigin(entry: unknown): string | undefined {
  // What pages without an origin of their own say.
  if (entry === 'null') return undefined;
  const url = typeof entry === 'string' && URL.canParse(entry) ? new URL(entry) : undefined;
  if (url === undefined || url.host === '') return 'origins such as https://game.example';
  if (url.host.includes('*')) return 'single origins (a function can decide for many)';
  // The library says `null` for schemes of apps, for which browsers do name an origin.
  const origin = url.origin === 'null' ? `${url.protocol}//${url.host}` : url.origin;
  if ((entry as string).toLowerCase() === origin.toLowerCase()) return undefined;
  return `origins as browsers write them, as ${origin}`;
}

function originCheck(options: OptionReader<WsOptions>): (origin: string | undefined) => boolean {
  const origins = options.value('origins') as WsOptions['origins'];
  if (origins === undefined) return () => true;
  if (typeof origins === 'function') return origins;
  if (!Array.isArray(origins)) return options.wrong('origins', 'a list of origins, or a function');
  for (const entry of origins) {
    const better = betterOrigin(entry);
    if (better !== undefined) options.wrong('origins', better, entry);
  }
  const known = new Set(origins.map((origin: string) => origin.toLowerCase()));
  return (origin) => origin === undefined || known.has(origin.toLowerCase());
}

function headersOf(options: OptionReader<WsOptions>): Readonly<Record<string, string>> {
  const headers = (options.value('headers') ?? {}) as Readonly<Record<string, string>>;
  try {
    for (const [name, value] of Object.entries(headers)) {
      validateHeaderName(name);
      validateHeaderValue(name, value);
    }
  } catch (error) {
    options.wrong('headers', `headers of HTTP (${(error as Error).message})`, headers);
  }
  return headers;
}

function forwardedHeader(options: OptionReader<WsOptions>): ForwardedHeader | undefined {
  const value = options.value('forwarded');
  if (value === undefined || value === false) return undefined;
  if (value === true || value === 'x-forwarded-for') return 'x-forwarded-for';
  return value === 'forwarded' ? value : options.wrong('forwarded', 'true, x-forwarded-for or forwarded');
}

/** Checks settings and fills in the defaults. @throws ERR_ARGUMENT, naming the setting. */
export function resolveWsOptions(given: WsOptions): ResolvedWsOptions {
  return readOptions('ws option', given, (options) => {
    const { server, client } = readTlsSettings(options);
    const forwarded = forwardedHeader(options);
    return {
      forwarded,
      proxies: readProxyOptions(options, forwarded !== undefined),
      server,
      client,
      headers: headersOf(options),
      noDelay: options.flag('noDelay', true),
      perMessageDeflate: options.flag('perMessageDeflate', false),
      mayConnect: originCheck(options),
      maxPayload: options.whole('maxPayload', 1, LARGEST, MAX_PAYLOAD),
      handshakeTimeout:
        options.whole('handshakeTimeout', 0, LARGEST, undefined) ??
        server.handshakeTimeout ??
        HANDSHAKE_TIMEOUT,
    };
  });
}

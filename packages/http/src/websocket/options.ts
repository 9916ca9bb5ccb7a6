import type { Duration } from '@skynet/core';
import { type OptionReader, readOptions } from '@skynet/core/options';
import type { ConnectionSettings } from './connection.ts';
import type { WebSocketHandler } from './handler.ts';
import type { HandshakeRules } from './handshake.ts';

/** How connections go on, and when they end. */
export interface WebSocketOptions {
  /** Most bytes of a frame, and of a message in several. Default 262144 for servers, as the original; 16 MiB for clients. */
  readonly limit?: number;
  /** Unsent bytes above which a connection is closed. Default 64 MiB. */
  readonly writeLimit?: number;
  /** How long a peer may take to answer a close. Default 2 s. */
  readonly closeTimeout?: Duration;
  /**
   * How often the peer is pinged. Nothing having come from it between two pings, the connection is closed with 1011 and
   * told as ERR_WEBSOCKET_SILENT. Default 0: never.
   */
  readonly heartbeat?: Duration;
}

/** How connections are accepted. */
export interface AcceptOptions extends WebSocketOptions {
  /** Takes frames without mask, too, as the original's own client sends them. Default false. */
  readonly unmasked?: boolean;
  /** Subprotocols, of which a client that names some has to name one. Default `["chat"]`, as the original. */
  readonly protocols?: readonly string[];
  /** Origins of pages that may connect: `https://game.example`. Default: any. */
  readonly origins?: readonly string[];
  /** How long the handshake may take. Default 10 s. */
  readonly handshakeTimeout?: Duration;
}

/** How a client connects. */
export interface ConnectOptions extends WebSocketOptions {
  /** Told of messages, in place of `read`. */
  readonly handler?: WebSocketHandler;
  /** Subprotocols to offer. */
  readonly protocols?: readonly string[];
}

/** {@link AcceptOptions} with everything filled in. */
export interface AcceptSettings extends ConnectionSettings {
  readonly rules: HandshakeRules;
  readonly handshakeTimeout: number;
}

const SERVER_LIMIT = 262_144;
const CLIENT_LIMIT = 16 << 20;
const MANY = 0x7fff_ffff;

/** @throws ERR_ARGUMENT. */
export function readAcceptOptions(options: AcceptOptions): AcceptSettings {
  return readOptions('websocket option', options, (given) => ({
    ...common(given, SERVER_LIMIT),
    masking: given.flag('unmasked', false) ? ('any' as const) : ('required' as const),
    rules: { protocols: texts(given, 'protocols') ?? ['chat'], origins: origins(given) },
    handshakeTimeout: given.timer('handshakeTimeout', 10_000),
  }));
}

/** @throws ERR_ARGUMENT. */
export function readConnectOptions(options: ConnectOptions): ConnectionSettings & {
  readonly handler: WebSocketHandler | undefined;
  readonly protocols: readonly string[];
} {
  return readOptions('websocket option', options, (given) => ({
    ...common(given, CLIENT_LIMIT),
    masking: 'any' as const,
    handler: given.value('handler') as WebSocketHandler | undefined,
    protocols: texts(given, 'protocols') ?? [],
  }));
}

function common(given: OptionReader<WebSocketOptions>, limit: number): Omit<ConnectionSettings, 'masking'> {
  return {
    limit: given.whole('limit', 1, MANY, limit),
    writeLimit: given.whole('writeLimit', 1, Number.MAX_SAFE_INTEGER, 64 << 20),
    closeTimeout: given.timer('closeTimeout', 2000),
    heartbeat: given.timer('heartbeat', 0),
  };
}

function texts<Given extends object>(
  given: OptionReader<Given>,
  key: keyof Given & string,
): string[] | undefined {
  const value = given.value(key);
  if (value === undefined) return undefined;
  if (!Array.isArray(value) || !value.every((one) => typeof one === 'string' && /^[\x21-\x7e]+$/.test(one)))
    given.wrong(key, 'a list of names');
  return value as string[];
}

/** Only what a browser can send: scheme, host and port. */
function origins(given: OptionReader<AcceptOptions>): ReadonlySet<string> | undefined {
  const list = texts(given, 'origins');
  if (list === undefined) return undefined;
  for (const origin of list)
    if (!URL.canParse(origin) || new URL(origin).origin !== origin)
      given.wrong('origins', 'a list of origins such as "https://game.example"', origin);
  return new Set(list);
}

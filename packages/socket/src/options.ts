import { type Duration, printable, toMilliseconds } from '@skynet/core';
import { readOptions } from '@skynet/core/options';
import type { ListenOptions } from '@skynet/core/transport';
import type { Encoding } from './data.ts';
import { socketError } from './errors.ts';

const MANY = 0x7fff_ffff;

/** How `createSocket` makes the sockets it opens, accepts and starts. Durations: see `Duration`; 0 turns one off. */
export interface SocketOptions<E extends Encoding = Encoding> {
  /**
   * What reading yields. `"utf8"` (default): text, never cut inside a character, broken bytes kept as lone
   * surrogates so that nothing is lost. `"latin1"`: text, one character a byte. `"bytes"`: `Buffer`.
   */
  encoding?: E;
  /** Most bytes a read may wait for: a line, everything, or a given number. Default 16 MiB. */
  readLimit?: number;
  /** Unsent bytes above which the next write closes the socket. Default 64 MiB; `Infinity` as the original. */
  writeLimit?: number;
  /** Closes a connection after so long without a byte in either direction. Default 0, never. */
  idleTimeout?: Duration;
  /** Sends probes on connections that were silent for so long. Default: what the transport does. */
  keepAlive?: Duration;
  /** How long `open` may take. Default 0: as long as the system tries. */
  connectTimeout?: Duration;
  /** How long a closed connection may take to send what was written. Default 10 s. */
  closeTimeout?: Duration;
  /** How long an accepted or abandoned id may wait for a service to start it. Default 60 s. */
  claimTimeout?: Duration;
  /** Whether small writes leave at once. Default: what the transport does. */
  noDelay?: boolean;
  /** Connections of a listening id at the same time, each counted from its accept on. Default 0: no limit. */
  maxConnections?: number;
  /** The same for each address (IPv6: network of 64 bits). Default 0: no limit. */
  maxPerAddress?: number;
  /** How long a connection may take from its accept to its first byte, for TLS and the like. Default: the transport's. */
  handshakeTimeout?: Duration;
}

/** Options with everything filled in, times in milliseconds. */
export interface Settings {
  readonly encoding: Encoding;
  readonly readLimit: number;
  readonly writeLimit: number;
  readonly idleTimeout: number;
  readonly keepAlive: number | undefined;
  readonly connectTimeout: number;
  readonly closeTimeout: number;
  readonly claimTimeout: number;
  readonly noDelay: boolean | undefined;
  /** For listening: what was given of the transport's own options. */
  readonly listening: Pick<ListenOptions, 'maxConnections' | 'maxPerAddress' | 'handshakeTimeout'>;
}

/** Checks options and fills in the defaults. @throws ERR_ARGUMENT, naming the option; ERR_DURATION_INVALID. */
export function settingsOf(given: SocketOptions): Settings {
  return readOptions('socket option', given, (options) => {
    const positiveOr = (key: 'readLimit' | 'writeLimit', fallback: number): number => {
      const value = options.value(key) ?? fallback;
      return typeof value === 'number' && value > 0 ? value : options.wrong(key, 'a number above 0');
    };
    const time = <Fallback>(
      key:
        | 'idleTimeout'
        | 'keepAlive'
        | 'connectTimeout'
        | 'closeTimeout'
        | 'claimTimeout'
        | 'handshakeTimeout',
      fallback: Fallback,
    ): number | Fallback => {
      const value = options.value(key);
      if (value !== undefined) toMilliseconds(value as Duration);
      return options.duration(key, fallback);
    };
    const handshakeTimeout = time('handshakeTimeout', undefined);
    return {
      listening: {
        maxConnections: options.whole('maxConnections', 0, MANY, 0),
        maxPerAddress: options.whole('maxPerAddress', 0, MANY, 0),
        ...(handshakeTimeout === undefined ? {} : { handshakeTimeout: Math.ceil(handshakeTimeout) }),
      },
      encoding: options.oneOf<Encoding>('encoding', ['utf8', 'latin1', 'bytes'], 'utf8'),
      readLimit: positiveOr('readLimit', 16 << 20),
      writeLimit: positiveOr('writeLimit', 64 << 20),
      idleTimeout: time('idleTimeout', 0),
      keepAlive: time('keepAlive', undefined),
      connectTimeout: time('connectTimeout', 0),
      closeTimeout: time('closeTimeout', 10_000),
      claimTimeout: time('claimTimeout', 60_000),
      noDelay: options.flag('noDelay', undefined),
    };
  });
}

/** @throws ERR_ARGUMENT unless it is a number above 0. */
export function positive(value: number, what: string): number {
  if (typeof value === 'number' && value > 0) return value;
  throw socketError('ERR_ARGUMENT', `${what} must be above 0, not ${printable(value)}`);
}

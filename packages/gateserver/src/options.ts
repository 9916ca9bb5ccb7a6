import type { Duration } from '@skynet/core';
import { type OptionReader, readOptions } from '@skynet/core/options';
import { type Place, type PlaceOptions, readPlaces } from '@skynet/core/transport';

/** What a connection may cost. Each bound holds for one connection; `maxclient` bounds their number. */
export interface GateLimits {
  /** Largest packet that is taken, in bytes. Default 65535 with a 2-byte header, 16777215 with 4 bytes. */
  maxFrame?: number;
  /** Bytes that may wait for a reader that is slower than the writers. Default 16 MiB. */
  writeBacklog?: number;
  /**
   * What happens to a reader for whom more waits: `"close"` (default) cuts it off, `"drop"` throws away what is
   * written until all that waits has gone, `"keep"` lets it wait without bound, as the original does.
   */
  slowReader?: 'close' | 'drop' | 'keep';
  /** Packets the service has not finished with, above which no more are read. Default 1024. */
  pendingFrames?: number;
  /** Bytes the service has not seen yet, above which no more are read. Default 256 KiB. */
  pendingBytes?: number;
  /** How long the first complete packet may take. Default 0, for ever. */
  handshake?: Duration;
  /** How long nothing may come. Default 0, for ever. */
  idle?: Duration;
}

/** What the message `open` carries, and what defaults for it may be given to `startGateserver`. */
export interface GateOptions extends PlaceOptions {
  /** The original's word for `host`. */
  address?: string;
  /** Connections at the same time. Default 1024. */
  maxclient?: number;
  /**
   * Connections at the same time of one address: an IPv4 address, or an IPv6 network of 64 bits. Default 256, on unix
   * sockets and in `memory://` 0: no limit. What comes above it is closed at once, and `handler` does not hear of it.
   * Counted for each address that the gate listens on.
   */
  maxPerAddress?: number;
  /** Whether small packets leave at once. Default true; packets written in one turn leave together anyway. */
  nodelay?: boolean;
  /** Connections that may wait to be accepted. Default: the transport's, 4096 for tcp. */
  backlog?: number;
  /** Probe silent connections after so long. Default 0, never. */
  keepalive?: Duration;
  /** Bytes of the length in front of a packet. Default 2; 4 is the older gate's. */
  header?: 2 | 4;
  /** Keep writing to a client that sends no more; `closeClient` then has to end it. Default false. */
  halfOpen?: boolean;
  /** What one client or one address may have. Default: no limits but those of the transport. */
  limits?: GateLimits;
}

/** Options with every default filled in, times in milliseconds. */
export interface ResolvedOptions {
  readonly places: readonly Place[];
  readonly maxclient: number;
  /** Undefined: the default of each place, see {@link perAddress}. */
  readonly maxPerAddress: number | undefined;
  readonly nodelay: boolean;
  readonly backlog: number | undefined;
  readonly keepalive: number;
  readonly header: 2 | 4;
  readonly halfOpen: boolean;
  readonly maxFrame: number;
  readonly writeBacklog: number;
  readonly slowReader: 'close' | 'drop' | 'keep';
  readonly pendingFrames: number;
  readonly pendingBytes: number;
  readonly handshake: number;
  readonly idle: number;
}

const MAX_FRAME = { 2: 0xffff, 4: 0xff_ffff } as const;
/** Largest packet that can be asked for with a 4-byte header. */
const LARGEST_FRAME = 0x7fff_ffff;
const MANY = 0x7fff_ffff;
/** Many players behind one router, and still no way to take all of the 1024 connections. */
const PER_ADDRESS = 256;
/** Connections that one address may have at a place. */
export function perAddress({ maxPerAddress }: ResolvedOptions, { hasAddresses }: Place): number {
  return maxPerAddress ?? (hasAddresses ? PER_ADDRESS : 0);
}

/** Where to listen. */
function placesOf(options: OptionReader<GateOptions>): readonly Place[] {
  const host = options.text('host', undefined, 'a host name or ip');
  const address = options.text('address', undefined, 'a host name or ip');
  if (host !== undefined && address !== undefined && host !== address)
    options.wrong('address', 'left out, or the same as host');
  return readPlaces(options, host ?? address);
}

/**
 * Checks options and fills in the defaults.
 * @param own Options of the handler; undefined: it takes any that does not look like one of the gate's misspelt.
 * @throws ERR_ARGUMENT, naming the option.
 */
export function resolveOptions(given: GateOptions, own: readonly string[] | undefined): ResolvedOptions {
  return readOptions('gate option', given, (options) => {
    const limits = options.group('limits');
    if (own === undefined) options.allowOthers();
    else options.allow(own);
    const header = options.oneOf<2 | 4>('header', [2, 4], 2);
    const largest = header === 2 ? MAX_FRAME[2] : LARGEST_FRAME;
    const most = Number.MAX_SAFE_INTEGER;
    return {
      places: placesOf(options),
      maxclient: options.whole('maxclient', 1, MANY, 1024),
      maxPerAddress: options.whole('maxPerAddress', 0, MANY, undefined),
      nodelay: options.flag('nodelay', true),
      backlog: options.whole('backlog', 1, MANY, undefined),
      keepalive: options.duration('keepalive', 0),
      header,
      halfOpen: options.flag('halfOpen', false),
      maxFrame: limits.whole('maxFrame', 1, largest, MAX_FRAME[header]),
      writeBacklog: limits.whole('writeBacklog', 1, most, 16 << 20),
      slowReader: limits.oneOf('slowReader', ['close', 'drop', 'keep'], 'close'),
      pendingFrames: limits.whole('pendingFrames', 1, most, 1024),
      pendingBytes: limits.whole('pendingBytes', 1, most, 256 << 10),
      handshake: limits.duration('handshake', 0),
      idle: limits.duration('idle', 0),
    };
  });
}

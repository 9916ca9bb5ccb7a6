import { type Duration, toMilliseconds } from '@skynet/core';
import { gateError } from './errors.ts';

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
export interface GateOptions {
  /** Address to listen on. Default `0.0.0.0`. */
  address?: string;
  /** Port to listen on; 0 takes any that is free. */
  port?: number;
  /** Instead of address and port: an address of any transport, such as `unix:///run/game` or `tls://0.0.0.0:8443`. */
  url?: string;
  /** Connections at the same time. Default 1024. */
  maxclient?: number;
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
  limits?: GateLimits;
}

/** Options with every default filled in, times in milliseconds. */
export interface ResolvedOptions {
  readonly url: string;
  readonly maxclient: number;
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

function wrong(key: string, value: unknown, wanted: string): never {
  throw gateError('ERR_ARGUMENT', `gate option ${key} must be ${wanted}, not ${String(value)}`, {
    details: { key },
  });
}

function whole(key: string, value: unknown, min: number, max: number, fallback: number): number {
  if (value === undefined || value === null) return fallback;
  if (typeof value !== 'number' || !Number.isInteger(value) || value < min || value > max) {
    wrong(key, value, `a whole number from ${min} to ${max}`);
  }
  return value;
}

function flag(key: string, value: unknown, fallback: boolean): boolean {
  if (value === undefined || value === null) return fallback;
  if (typeof value !== 'boolean') wrong(key, value, 'true or false');
  return value;
}

function oneOf<T>(key: string, value: unknown, allowed: readonly T[], fallback: T): T {
  if (value === undefined || value === null) return fallback;
  if (!allowed.includes(value as T)) wrong(key, value, `one of ${allowed.join(', ')}`);
  return value as T;
}

function time(key: string, value: Duration | undefined): number {
  if (value === undefined || value === null) return 0;
  try {
    return Math.max(0, toMilliseconds(value));
  } catch {
    return wrong(key, value, 'a duration such as "5s", or hundredths of a second');
  }
}

/** `host:port` with the brackets that an IPv6 host needs. */
function hostAndPort(host: string, port: number): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`;
}

/** Checks options and fills in the defaults. @throws ERR_ARGUMENT, naming the option. */
export function resolveOptions(options: GateOptions): ResolvedOptions {
  if (typeof options !== 'object' || options === null || Array.isArray(options))
    wrong('conf', options, 'an object');
  const { limits = {}, url, address } = options;
  if (typeof limits !== 'object' || limits === null) wrong('limits', limits, 'an object');
  if (url !== undefined && (typeof url !== 'string' || url === ''))
    wrong('url', url, 'an address such as tcp://0.0.0.0:8888');
  if (address !== undefined && (typeof address !== 'string' || address === ''))
    wrong('address', address, 'a host name or ip');
  if (url === undefined && options.port === undefined)
    wrong('port', options.port, 'given (0 takes any that is free)');
  const header = oneOf<2 | 4>('header', options.header, [2, 4], 2);
  return {
    url: url ?? `tcp://${hostAndPort(address ?? '0.0.0.0', whole('port', options.port, 0, 0xffff, 0))}`,
    maxclient: whole('maxclient', options.maxclient, 1, 0x7fff_ffff, 1024),
    nodelay: flag('nodelay', options.nodelay, true),
    backlog: options.backlog === undefined ? undefined : whole('backlog', options.backlog, 1, 0x7fff_ffff, 1),
    keepalive: time('keepalive', options.keepalive),
    header,
    halfOpen: flag('halfOpen', options.halfOpen, false),
    maxFrame: whole(
      'limits.maxFrame',
      limits.maxFrame,
      1,
      header === 2 ? MAX_FRAME[2] : LARGEST_FRAME,
      MAX_FRAME[header],
    ),
    writeBacklog: whole('limits.writeBacklog', limits.writeBacklog, 1, Number.MAX_SAFE_INTEGER, 16 << 20),
    slowReader: oneOf('limits.slowReader', limits.slowReader, ['close', 'drop', 'keep'] as const, 'close'),
    pendingFrames: whole('limits.pendingFrames', limits.pendingFrames, 1, Number.MAX_SAFE_INTEGER, 1024),
    pendingBytes: whole('limits.pendingBytes', limits.pendingBytes, 1, Number.MAX_SAFE_INTEGER, 256 << 10),
    handshake: time('limits.handshake', limits.handshake),
    idle: time('limits.idle', limits.idle),
  };
}

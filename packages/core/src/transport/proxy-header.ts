import { crc32c } from './crc32c.ts';
import { endpoint } from './endpoint.ts';
import { canonicalIp } from './ip-address.ts';

/** What a header of the PROXY protocol says. */
export interface ProxyHeader {
  /** `ip:port` of the client; undefined where the proxy speaks for itself, or does not know. */
  readonly source: string | undefined;
  /** Its bytes. What is behind them is the client's. */
  readonly size: number;
}

/** Why bytes are no header. */
export interface ProxyFlaw {
  readonly flaw: string;
}

/** Both forms are told from each other, and from everything else, by their first bytes. */
const TEXT = Buffer.from('PROXY ');
const BINARY = Buffer.from('0d0a0d0a000d0a515549540a', 'hex');
/** The longest line, with its end. */
const LONGEST_TEXT = 107;
const BINARY_HEAD = 16;
/** The longest binary header taken. What proxies add to the addresses is a few hundred bytes, with certificates more. */
const LONGEST_BINARY = 16 << 10;

const COMMAND = { LOCAL: 0, PROXY: 1 } as const;
/** Bytes of the two addresses, by family; version 4, version 6 and unix sockets. */
const ADDRESSES: readonly number[] = [0, 12, 36, 216];
const FAMILY = { NONE: 0, V4: 1, V6: 2 } as const;
/** The addition that holds a checksum. */
const CRC32C = 3;

/**
 * Reads a header of the PROXY protocol, version 1 (text) or 2 (binary), which must be at the beginning.
 * @returns undefined if more bytes are needed.
 */
export function readProxyHeader(bytes: Uint8Array): ProxyHeader | ProxyFlaw | undefined {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  if (beginsWith(buffer, BINARY)) return buffer.length < BINARY_HEAD ? undefined : readBinary(buffer);
  if (beginsWith(buffer, TEXT)) return readText(buffer);
  return { flaw: 'no PROXY header' };
}

/** Whether it begins so, as far as it goes. */
function beginsWith(buffer: Buffer, beginning: Buffer): boolean {
  const size = Math.min(buffer.length, beginning.length);
  return buffer.compare(beginning, 0, size, 0, size) === 0;
}

function readText(buffer: Buffer): ProxyHeader | ProxyFlaw | undefined {
  const line = buffer.toString('latin1', 0, LONGEST_TEXT);
  const end = line.indexOf('\r\n');
  if (end < 0) return buffer.length < LONGEST_TEXT ? undefined : { flaw: 'a PROXY line without an end' };
  const size = end + 2;
  const [, family, ...rest] = line.slice(0, end).split(' ');
  if (family === 'UNKNOWN') return { source: undefined, size };
  const [from = '', to = '', fromPort = '', toPort = ''] = rest;
  const colons = family === 'TCP6';
  const ips = [canonicalIp(from), canonicalIp(to)];
  const fits =
    (colons || family === 'TCP4') &&
    rest.length === 4 &&
    ips[0] !== undefined &&
    ips[1] !== undefined &&
    from.includes(':') === colons &&
    to.includes(':') === colons &&
    isPort(fromPort) &&
    isPort(toPort);
  return fits
    ? { source: endpoint(ips[0], Number(fromPort), ''), size }
    : { flaw: 'a PROXY line that cannot be read' };
}

function isPort(text: string): boolean {
  return /^(?:0|[1-9]\d{0,4})$/.test(text) && Number(text) <= 0xffff;
}

function readBinary(buffer: Buffer): ProxyHeader | ProxyFlaw | undefined {
  const version = (buffer[12] as number) >> 4;
  const command = (buffer[12] as number) & 15;
  const family = (buffer[13] as number) >> 4;
  const protocol = (buffer[13] as number) & 15;
  const size = BINARY_HEAD + buffer.readUInt16BE(14);
  if (version !== 2 || command > COMMAND.PROXY) return { flaw: 'a PROXY header of an unknown version' };
  if (size > LONGEST_BINARY) return { flaw: `a PROXY header of ${size} bytes` };
  if (buffer.length < size) return undefined;
  const addresses = ADDRESSES[family];
  // The proxy speaks for itself, or does not know: whatever else it says does not count.
  if (command === COMMAND.LOCAL || (family === FAMILY.NONE && protocol === 0))
    return { source: undefined, size };
  if (addresses === undefined || addresses === 0 || protocol < 1 || protocol > 2)
    return { flaw: 'a PROXY header of an unknown family' };
  const additions = BINARY_HEAD + addresses;
  if (additions > size) return { flaw: 'a PROXY header that is too short' };
  const flaw = flawOfAdditions(buffer.subarray(0, size), additions);
  return flaw === undefined ? { source: sourceOf(buffer, family), size } : { flaw };
}

function sourceOf(buffer: Buffer, family: number): string | undefined {
  const at = BINARY_HEAD;
  if (family === FAMILY.V4) {
    const ip = buffer.subarray(at, at + 4).join('.');
    return endpoint(ip, buffer.readUInt16BE(at + 8), '');
  }
  if (family !== FAMILY.V6) return undefined;
  const groups = Array.from({ length: 8 }, (_, i) => buffer.readUInt16BE(at + i * 2).toString(16));
  return endpoint(canonicalIp(groups.join(':')), buffer.readUInt16BE(at + 32), '');
}

/** Walks over what follows the addresses (type, length, value), and checks the sum if there is one. */
function flawOfAdditions(header: Buffer, from: number): string | undefined {
  for (let at = from; at < header.length; ) {
    const value = at + 3;
    const next = value <= header.length ? value + header.readUInt16BE(at + 1) : Number.POSITIVE_INFINITY;
    if (next > header.length) return 'a PROXY header whose additions do not fit';
    if (header[at] === CRC32C) {
      if (next - value !== 4) return 'a PROXY header whose checksum has another size';
      // It was made with zeros in its own place.
      const copy = Buffer.from(header).fill(0, value, next);
      if (crc32c(copy) !== header.readUInt32BE(value)) return 'a PROXY header whose checksum is wrong';
    }
    at = next;
  }
  return undefined;
}

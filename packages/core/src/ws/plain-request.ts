import type { IncomingMessage } from 'node:http';

/** What has to be known of a request for an upgrade. */
export type UpgradeRequest = Pick<IncomingMessage, 'method' | 'url' | 'headers'>;

/** A request for an upgrade, and how many bytes it has. */
export interface PlainRequest extends UpgradeRequest {
  readonly size: number;
}

/** Bytes of the largest head read here. */
const LARGEST = 4096;
const END = Buffer.from('\r\n\r\n');
/** A path, without anything that would have to be looked at twice. */
const FIRST_LINE = /^GET (\/[!-~]*) HTTP\/1\.1$/;
const NAME = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const VALUE = /^[ -~]*$/;
const UPGRADE = /^(?:[^,]*,)* *upgrade *(?:,|$)/i;
/** With one of these there may be more behind the head than frames, or an answer is expected before. */
const OTHERS: ReadonlySet<string> = new Set(['content-length', 'transfer-encoding', 'expect', 'trailer']);

/**
 * Reads a request for an upgrade as browsers and libraries write them, if it is there in one piece. Everything else is
 * undefined, though it may be as good: that is for node:http to say, with which a connection costs more than twice as much until it
 * stands. What is read here node:http reads alike.
 */
export function readPlainRequest(bytes: Uint8Array): PlainRequest | undefined {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, LARGEST));
  const end = buffer.indexOf(END);
  if (end < 0) return undefined;
  const [first = '', ...lines] = buffer.toString('latin1', 0, end).split('\r\n');
  const url = FIRST_LINE.exec(first)?.[1];
  if (url === undefined) return undefined;
  const headers: { [name: string]: string } = {};
  // Names that every object has are left to node:http like those that come twice.
  for (const line of lines) {
    const colon = line.indexOf(':');
    const name = line.slice(0, Math.max(0, colon)).toLowerCase();
    const value = line.slice(colon + 1).trim();
    if (!NAME.test(name) || !VALUE.test(value) || OTHERS.has(name) || name in headers) return undefined;
    headers[name] = value;
  }
  if (headers.upgrade === undefined || headers.host === undefined) return undefined;
  if (!UPGRADE.test(headers.connection ?? '')) return undefined;
  return { method: 'GET', url, headers, size: end + END.length };
}

import { statusError } from './errors.ts';
import { bytesOf, textOf } from './text.ts';

/** A target taken apart. */
export interface ParsedUrl {
  /** Decoded; bytes that are no UTF-8 are lone surrogates in it. */
  readonly path: string;
  /** As it came, without `?`; empty without one. */
  readonly query: string;
}

/** Values of a query by key: text, or a list where a key is repeated. Without prototype. */
export interface QueryTable {
  [key: string]: string | string[];
}

const ENCODED = /[%+]/;

/** @throws ERR_HTTP_URL. */
function decode(text: string, plusIsBlank: boolean): string {
  if (!ENCODED.test(text)) return hasHighByte(text) ? textOf(asBytes(text)) : text;
  const source = asBytes(text);
  const bytes = Buffer.allocUnsafe(source.length);
  let length = 0;
  for (let at = 0; at < source.length; at++) {
    let byte = source[at] as number;
    if (byte === 0x2b && plusIsBlank) byte = 0x20;
    else if (byte === 0x25) {
      const hex = source.toString('latin1', at + 1, at + 3);
      if (!/^[0-9a-fA-F]{2}$/.test(hex))
        throw statusError(400, 'ERR_HTTP_URL', 'a path or query with a % that no two hex digits follow');
      byte = Number.parseInt(hex, 16);
      at += 2;
    }
    bytes[length++] = byte;
  }
  return textOf(bytes.subarray(0, length));
}

function hasHighByte(text: string): boolean {
  return /[\x80-\uffff]/.test(text);
}

/** A target has one character a byte; text from elsewhere may have others. */
function asBytes(text: string): Buffer {
  return /[\u0100-\uffff]/.test(text) ? bytesOf(text) : Buffer.from(text, 'latin1');
}

/**
 * Takes a target apart (`url.parse`, book §18.1). `%xx` is decoded in the path, and `+` read as a blank.
 * @throws ERR_HTTP_URL for a `%` that no two hex digits follow.
 */
export function parse(target: string): ParsedUrl {
  const mark = target.indexOf('?');
  const path = mark === -1 ? target : target.slice(0, mark);
  return { path: decode(path, true), query: mark === -1 ? '' : target.slice(mark + 1) };
}

/**
 * The values of a query (`url.parse_query`, book §18.1). A piece without `=` belongs to the key behind it, as in the
 * original: `w&=e` is `{ 'w&': 'e' }`.
 * @throws ERR_HTTP_URL for a `%` that no two hex digits follow.
 */
export function parseQuery(query: string): QueryTable {
  const table = Object.create(null) as QueryTable;
  let at = 0;
  while (at < query.length) {
    const equals = query.indexOf('=', at);
    if (equals === -1) break;
    const end = query.indexOf('&', equals + 1);
    const key = decode(query.slice(at, equals), true);
    const value = decode(query.slice(equals + 1, end === -1 ? query.length : end), true);
    const before = table[key];
    if (before === undefined) table[key] = value;
    else if (typeof before === 'string') table[key] = [before, value];
    else before.push(value);
    at = end === -1 ? query.length : end + 1;
  }
  return table;
}

/**
 * The path of a target for routes: decoded as RFC 3986 says, so that `+` stays. Scheme and host of an absolute target are
 * left out.
 * @throws ERR_HTTP_URL.
 */
export function pathOf(target: string): string {
  const mark = target.indexOf('?');
  const path = mark === -1 ? target : target.slice(0, mark);
  if (path.startsWith('/')) return ENCODED.test(path) ? decode(path, false) : path;
  const [, rest] = /^https?:\/\/[^/]*(.*)$/i.exec(path) ?? [];
  return decode(rest === undefined ? path : rest || '/', false);
}

/** The original's `http.url`. */
export const url: {
  readonly parse: typeof parse;
  readonly parseQuery: typeof parseQuery;
} = { parse, parseQuery };

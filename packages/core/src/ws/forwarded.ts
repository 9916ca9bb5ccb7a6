import { endpoint } from '../transport/endpoint.ts';
import { canonicalIp } from '../transport/ip-address.ts';

/** The headers in which proxies say for whom they ask. */
export type ForwardedHeader = 'x-forwarded-for' | 'forwarded';

/**
 * Whom a proxy names: `ip:port`, with port 0 if it does not say; undefined if it knows no address; null for text that is
 * neither.
 */
export type Hop = string | undefined | null;

/** A token of HTTP, and a quoted string. */
const TOKEN = /[!#$%&'*+\-.^_`|~0-9a-z]+/iy;
const QUOTED = /"(?:[\t !#-[\]-~\x80-\xff]|\\[\t -~\x80-\xff])*"/y;
/** Between the elements of a list. */
const COMMA = /[ \t]*,[ \t]*/y;
/** What proxies write that do not tell: an address of their own making. */
const HIDDEN = /^(?:unknown|_[\w.-]+)$/i;
const NODE =
  /^(?:(?<v4>[\d.]+)|\[(?<v6>[\da-f]*:[\da-f:.]+)\]|(?<hidden>unknown|_[\w.-]+))(?::(?<port>\d{1,5}|_[\w.-]+))?$/i;

/** One named in the header `Forwarded` (RFC 7239, 6). */
function nodeOf(text: string): Hop {
  const { v4, v6, hidden, port } = NODE.exec(text)?.groups ?? {};
  if (hidden !== undefined) return undefined;
  const ip = canonicalIp(v4 ?? v6 ?? '');
  const number = port === undefined || port.startsWith('_') ? 0 : Number(port);
  return ip === undefined || number > 0xffff ? null : endpoint(ip, number, '');
}

/** One named in `X-Forwarded-For`: as above, or an IPv6 address without brackets. */
function looseNodeOf(text: string): Hop {
  const ip = canonicalIp(text);
  return ip === undefined ? nodeOf(text) : endpoint(ip, 0, '');
}

/**
 * Whom the proxies named, nearest first. What farther ones wrote may be anything, so it is only read when it is asked
 * for; with `Forwarded`, where quotes can hide commas, the header is read as a whole: null and nothing else if it is
 * none.
 */
export function* hopsOf(header: ForwardedHeader, value: string): Generator<Hop> {
  if (header === 'forwarded') {
    yield* readForwarded(value)?.reverse() ?? [null];
    return;
  }
  const parts = value.split(',');
  for (let i = parts.length - 1; i >= 0; i--) {
    const text = (parts[i] as string).trim();
    if (text !== '') yield HIDDEN.test(text) ? undefined : looseNodeOf(text);
  }
}

/** Text with a place in it. */
class Scanner {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  get atEnd(): boolean {
    return this.#at === this.#text.length;
  }

  /** What fits here, behind which it then stands. */
  take(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at;
    const [found] = pattern.exec(this.#text) ?? [];
    this.#at += found?.length ?? 0;
    return found;
  }
}

/** RFC 7239, 4: elements between commas, in each pairs between semicolons. Undefined if it is not that. */
function readForwarded(text: string): Hop[] | undefined {
  const scanner = new Scanner(text.trim());
  const hops: Hop[] = [];
  while (!scanner.atEnd) {
    if (scanner.take(COMMA) !== undefined) continue;
    const element = readElement(scanner);
    if (element === undefined) return undefined;
    hops.push(element.hop);
    if (!scanner.atEnd && scanner.take(COMMA) === undefined) return undefined;
  }
  return hops;
}

function readElement(scanner: Scanner): { hop: Hop } | undefined {
  let hop: Hop;
  let named = false;
  do {
    const name = scanner.take(TOKEN)?.toLowerCase();
    if (name === undefined) continue;
    if (scanner.take(/=/y) === undefined) return undefined;
    const value = scanner.take(TOKEN) ?? unquoted(scanner.take(QUOTED));
    if (value === undefined || (name === 'for' && named)) return undefined;
    if (name !== 'for') continue;
    named = true;
    hop = nodeOf(value);
  } while (scanner.take(/;/y) !== undefined);
  return { hop };
}

function unquoted(text: string | undefined): string | undefined {
  return text?.slice(1, -1).replace(/\\(.)/g, '$1');
}

import { SkynetError } from '../errors.ts';
import { printable } from '../log/printable.ts';
import { logText } from '../log/text.ts';

/** Deepest nesting of what can be typed. */
const MAX_DEPTH = 64;
const BLANKS = /\s*/y;
const NUMBER = /[+-]?(?:0x[\da-f]+|(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d+)?)(?!\w)/iy;
const TEXT = /"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'/y;
const NAME = /[a-z_]\w*/iy;
const ESCAPES: ReadonlyMap<string, string> = new Map([
  ['n', '\n'],
  ['t', '\t'],
  ['r', '\r'],
  ['b', '\b'],
  ['f', '\f'],
]);
const NAMED: ReadonlyMap<string, unknown> = new Map<string, unknown>([
  ['true', true],
  ['false', false],
  ['nil', null],
  ['null', null],
]);

/**
 * Values as they are typed behind `call`: separated by commas, written as in Lua (`"GET", 'a', {1, 2}, {hp = 3}`) or
 * as in JSON (`["a"], {"hp": 3}`). Nothing is evaluated.
 * @throws ERR_ARGUMENT (`Invalid arguments`).
 */
export function readValues(text: string): unknown[] {
  const reader = new Reader(text);
  const values: unknown[] = [];
  if (reader.atEnd()) return values;
  do values.push(reader.value(0));
  while (reader.takes(','));
  if (!reader.atEnd()) reader.fail();
  return values;
}

/** Lua has signs in front of hex, the host has not. */
function numberOf(text: string): number {
  return text.startsWith('-') ? -Number(text.slice(1)) : Number(text);
}

class Reader {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  fail(): never {
    throw new SkynetError('ERR_ARGUMENT', 'Invalid arguments');
  }

  atEnd(): boolean {
    this.#match(BLANKS);
    return this.#at === this.#text.length;
  }

  takes(sign: string): boolean {
    this.#match(BLANKS);
    if (!this.#text.startsWith(sign, this.#at)) return false;
    this.#at += sign.length;
    return true;
  }

  value(depth: number): unknown {
    if (depth > MAX_DEPTH) this.fail();
    this.#match(BLANKS);
    const number = this.#match(NUMBER);
    if (number !== undefined) return numberOf(number);
    const text = this.#textValue();
    if (text !== undefined) return text;
    if (this.takes('[')) return this.#list(depth);
    if (this.takes('{')) return this.#table(depth);
    const name = this.#match(NAME) ?? '';
    return NAMED.has(name) ? NAMED.get(name) : this.fail();
  }

  #list(depth: number): unknown[] {
    const list: unknown[] = [];
    while (!this.takes(']')) {
      list.push(this.value(depth + 1));
      if (!this.takes(',') && !this.#isNext(']')) this.fail();
    }
    return list;
  }

  /** A table of Lua or an object of JSON: either values or keys with values. */
  #table(depth: number): unknown {
    const list: unknown[] = [];
    const entries: [string, unknown][] = [];
    while (!this.takes('}')) {
      const key = this.#key();
      if (key === undefined) list.push(this.value(depth + 1));
      else entries.push([key, this.value(depth + 1)]);
      if (!this.takes(',') && !this.takes(';') && !this.#isNext('}')) this.fail();
    }
    if (list.length > 0 && entries.length > 0) this.fail();
    return list.length > 0 ? list : Object.fromEntries(entries);
  }

  /** `key =`, `["key"] =` or `"key":`; nothing is taken when no key stands here. */
  #key(): string | undefined {
    const start = this.#at;
    const isBracketed = this.takes('[');
    this.#match(BLANKS);
    const key = (isBracketed ? this.#position() : this.#match(NAME)) ?? this.#textValue();
    const isWhole = key !== undefined && (!isBracketed || this.takes(']'));
    if (isWhole && (this.takes('=') || this.takes(':'))) return key;
    this.#at = start;
    return undefined;
  }

  /** A number as a key. */
  #position(): string | undefined {
    const number = this.#match(NUMBER);
    return number === undefined ? undefined : String(numberOf(number));
  }

  #textValue(): string | undefined {
    const text = this.#match(TEXT)?.slice(1, -1);
    return text?.replace(/\\(?:u([\da-f]{4})|(.))/gis, (_all, code: string | undefined, char: string) =>
      code === undefined ? (ESCAPES.get(char) ?? char) : String.fromCharCode(Number.parseInt(code, 16)),
    );
  }

  #isNext(sign: string): boolean {
    this.#match(BLANKS);
    return this.#text.startsWith(sign, this.#at);
  }

  #match(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at;
    const match = pattern.exec(this.#text);
    if (match === null) return undefined;
    this.#at = pattern.lastIndex;
    return match[0];
  }
}

/**
 * What a command returned, as lines: text as it is, nothing for nothing; of tables one line for each key, sorted, the
 * value behind a tab, a table inside as `k:v` parts. Text may come from anywhere: nothing in it commands a terminal or
 * looks like the line that ends an answer.
 */
export function showResult(result: unknown): string[] {
  if (result === undefined || result === null) return [];
  const entries = entriesOf(result);
  if (entries === undefined) return [logText(result).split('\n').map(shownLine).join('\n')];
  return entries.map(
    ([key, value]) =>
      `${shownLine(shownText(key))}\t${
        entriesOf(value)
          ?.map(([k, v]) => `${shownText(k)}:${shownText(logText(v))}`)
          .join('\t') ?? shownText(logText(value))
      }`,
  );
}

/** Text without anything that is not to be seen, on one line. Other than in log lines a backslash stays one. */
function shownText(text: string): string {
  return text
    .split('\\')
    .map((part) => printable(part, Number.POSITIVE_INFINITY))
    .join('\\');
}

/** The same for a whole line, which may have tabs. */
function shownLine(line: string): string {
  const shown = line.split('\t').map(shownText).join('\t');
  return /^<CMD /i.test(shown) ? ` ${shown}` : shown;
}

/** Keys and values in the order of the keys; numbers by size. Positions count from 1. */
function entriesOf(value: unknown): [string, unknown][] | undefined {
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return undefined;
  if (Array.isArray(value)) return value.map((part, i) => [String(i + 1), part]);
  const entries =
    value instanceof Map
      ? [...value].map(([key, part]): [string, unknown] => [logText(key), part])
      : Object.entries(value);
  return entries.sort(([a], [b]) => Number(a) - Number(b) || (a < b ? -1 : a > b ? 1 : 0));
}

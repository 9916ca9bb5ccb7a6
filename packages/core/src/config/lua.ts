import { readFileSync } from 'node:fs';
import path from 'node:path';
import { SkynetError } from '../errors.ts';
import { printable } from '../log/printable.ts';

/** What a key can be given. */
export type LuaValue = string | number | boolean | undefined;

interface Token {
  readonly kind: 'name' | 'text' | 'number' | 'variable' | '=' | '..' | ';' | '(' | ')' | 'end';
  readonly text: string;
  readonly line: number;
}

/** One token; the groups: long text, text, number, name, `$NAME`, sign. No part of it tries the same bytes twice. */
const TOKEN =
  /\[\[\n?([\s\S]*?)\]\]|("(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*')|(-?(?:0x[\da-f]+|(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?))|([a-z_]\w*)|(\$\w+)|(=|\.\.|;|\(|\)|$)/iy;
const BLANKS = /\s*/y;
const COMMENT = /--(?!\[\[).*/y;

/** Characters shown of what cannot be read. */
const MAX_SHOWN = 80;
/** Deepest nesting of parentheses. */
const MAX_DEPTH = 100;

const ESCAPES: Readonly<Record<string, string>> = {
  n: '\n',
  t: '\t',
  r: '\r',
  '0': '\0',
  a: '\x07',
  b: '\b',
  f: '\f',
  v: '\v',
};
const KINDS = ['text', 'text', 'number', 'name', 'variable'] as const;

/**
 * Reads a configuration file of the original (`./skynet examples/config`, book §2): assignments of text, numbers and
 * booleans, `..`, names assigned before, `$NAME` for variables of the process' environment, `include "file"` from the
 * folder of the including file, comments. It is not a Lua interpreter: everything else is refused.
 * @throws ERR_CONFIG, naming file and line.
 */
export function readLuaConfig(
  file: string,
  variables: Readonly<Record<string, string | undefined>> = process.env,
): Map<string, LuaValue> {
  const values = new Map<string, LuaValue>();
  new Reader(path.resolve(file), variables, values, []).read();
  return values;
}

class Reader {
  readonly #file: string;
  readonly #variables: Readonly<Record<string, string | undefined>>;
  readonly #values: Map<string, LuaValue>;
  /** The files that include this one. */
  readonly #above: readonly string[];
  readonly #source: string;
  #at = 0;
  #line = 1;
  #depth = 0;
  #token: Token;

  constructor(
    file: string,
    variables: Readonly<Record<string, string | undefined>>,
    values: Map<string, LuaValue>,
    above: readonly string[],
  ) {
    this.#file = file;
    this.#variables = variables;
    this.#values = values;
    this.#above = above;
    try {
      this.#source = readFileSync(file, 'utf8');
    } catch (error) {
      throw new SkynetError('ERR_CONFIG', `configuration file ${file} cannot be read: ${String(error)}`, {
        cause: error,
      });
    }
    this.#token = this.#scan();
  }

  read(): void {
    while (this.#token.kind !== 'end') {
      const name = this.#take('name').text;
      if (name === 'include') this.#include();
      else {
        this.#take('=');
        this.#values.set(name, this.#expression());
      }
      if (this.#token.kind === ';') this.#next();
    }
  }

  #include(): void {
    const file = path.resolve(path.dirname(this.#file), String(this.#expression()));
    const above = [...this.#above, this.#file];
    if (above.includes(file)) this.#fail(`${file} includes itself`);
    new Reader(file, this.#variables, this.#values, above).read();
  }

  #expression(): LuaValue {
    let value = this.#operand();
    while (this.#token.kind === '..') {
      this.#next();
      const right = this.#operand();
      for (const part of [value, right])
        if (typeof part !== 'string' && typeof part !== 'number') this.#fail(`cannot join ${String(part)}`);
      value = `${String(value)}${String(right)}`;
    }
    return value;
  }

  #operand(): LuaValue {
    const token = this.#token;
    this.#next();
    switch (token.kind) {
      case 'text':
        return token.text.replace(/\$(\w+)/g, (_all, name: string) => this.#variable(name));
      case 'number':
        return Number(token.text);
      case 'variable': {
        const text = this.#variable(token.text.slice(1));
        return text.trim() === '' || Number.isNaN(Number(text)) ? text : Number(text);
      }
      case '(': {
        if (++this.#depth > MAX_DEPTH) this.#fail('parentheses are nested too deeply', token);
        const value = this.#expression();
        this.#depth--;
        this.#take(')');
        return value;
      }
      case 'name':
        if (token.text === 'true' || token.text === 'false') return token.text === 'true';
        if (token.text === 'nil') return undefined;
        if (this.#values.has(token.text)) return this.#values.get(token.text);
        return this.#fail(`${token.text} has no value yet`, token);
      default:
        return this.#fail('a value is missing', token);
    }
  }

  #variable(name: string): string {
    return this.#variables[name] ?? this.#fail(`environment variable ${name} is not set`);
  }

  #take(kind: Token['kind']): Token {
    const token = this.#token;
    if (token.kind !== kind)
      this.#fail(
        `${kind === 'name' ? 'a name' : kind} is missing before ${token.kind === 'end' ? 'the end' : token.text}`,
      );
    this.#next();
    return token;
  }

  #next(): void {
    this.#token = this.#scan();
  }

  /** Goes on behind blanks and comments. */
  #skipBlanks(): void {
    for (;;) {
      this.#skip(this.#matched(BLANKS));
      const isLong = this.#source.startsWith('--[[', this.#at);
      const end = isLong ? this.#source.indexOf(']]', this.#at) : -1;
      // One without an end is nothing that can be read.
      if (isLong && end < 0) return;
      const comment = isLong ? end + 2 - this.#at : this.#matched(COMMENT);
      if (comment === 0) return;
      this.#skip(comment);
    }
  }

  /** Characters that a pattern matches here. */
  #matched(pattern: RegExp): number {
    pattern.lastIndex = this.#at;
    return pattern.exec(this.#source)?.[0].length ?? 0;
  }

  #skip(length: number): void {
    for (const end = this.#at + length; this.#at < end; this.#at++)
      if (this.#source.charCodeAt(this.#at) === 10) this.#line++;
  }

  #scan(): Token {
    this.#skipBlanks();
    TOKEN.lastIndex = this.#at;
    const match = TOKEN.exec(this.#source);
    if (match === null) {
      const rest = this.#source.slice(this.#at, this.#at + MAX_SHOWN).split('\n')[0] ?? '';
      return this.#fail(`cannot be read: ${printable(rest)}`, undefined);
    }
    this.#at = TOKEN.lastIndex;
    this.#line += match[0].split('\n').length - 1;
    const group = match.findIndex((part, i) => i > 0 && part !== undefined);
    const text = match[group] as string;
    if (group === 2)
      return {
        kind: 'text',
        text: text.slice(1, -1).replace(/\\(.)/g, (_all, char: string) => ESCAPES[char] ?? char),
        line: this.#line,
      };
    const kind = KINDS[group - 1] ?? ((text === '' ? 'end' : text) as Token['kind']);
    return { kind, text, line: this.#line };
  }

  #fail(problem: string, token: Token | undefined = this.#token): never {
    throw new SkynetError('ERR_CONFIG', `${this.#file}:${token?.line ?? this.#line}: ${problem}`, {
      details: { file: this.#file, line: token?.line ?? this.#line },
    });
  }
}

import mysql2 from 'mysql2';
import { mysqlError } from './errors.ts';

/** What a parameter can be. Lists are for `in (?)`, lists of lists for `values ?`. */
export type Parameter = null | boolean | number | bigint | string | Uint8Array | readonly Parameter[];

/**
 * Parameters as they are now: a statement may have to wait for a connection, and the caller may use his list and bytes again.
 * @throws ERR_MYSQL_PARAMETER if they are no list.
 */
export function kept(parameters: readonly Parameter[]): readonly Parameter[] {
  if (!Array.isArray(parameters))
    throw mysqlError('ERR_MYSQL_PARAMETER', 'the parameters of a statement must be a list');
  return parameters.map(keptValue);
}

function keptValue(value: Parameter): Parameter {
  if (typeof value !== 'object') return value;
  if (Array.isArray(value)) return value.map(keptValue);
  return value instanceof Uint8Array ? Buffer.from(value) : value;
}

/** Most statements whose places are remembered. */
const REMEMBERED = 1000;
/** Longer statements were put together by hand and come only once. */
const LONGEST = 10_000;

const pieces = new Map<string, readonly string[]>();

/**
 * A statement with its parameters in place of the question marks, which are no parameters in text, names and comments.
 * @param hasBackslashes - whether a backslash in text escapes what follows, as it does unless the server is told not to.
 * @throws ERR_MYSQL_PARAMETER.
 */
export function fill(sql: string, parameters: readonly Parameter[], hasBackslashes: boolean): string {
  if (typeof sql !== 'string') throw mysqlError('ERR_MYSQL_PARAMETER', 'a statement must be text');
  const parts = split(sql, hasBackslashes);
  if (parts.length - 1 !== parameters.length) throw wrongNumber(parts.length - 1, parameters.length);
  let text = parts[0] as string;
  for (let i = 0; i < parameters.length; i++)
    text += literal(parameters[i] as Parameter, hasBackslashes, i) + (parts[i + 1] as string);
  return text;
}

/** The error for a statement that has `wanted` parameters and was given others. */
export function wrongNumber(wanted: number, given: number): Error {
  return mysqlError(
    'ERR_MYSQL_PARAMETER',
    `the statement has ${wanted} parameter${wanted === 1 ? '' : 's'}, ${given} ${given === 1 ? 'is' : 'are'} given`,
    { details: { wanted, given } },
  );
}

/** The error for a value that no parameter can be. */
export function wrongValue(index: number, value: unknown): Error {
  const what =
    value === undefined
      ? 'undefined (SQL NULL is null)'
      : typeof value === 'number'
        ? String(value)
        : typeof value === 'object'
          ? 'an object'
          : `a ${typeof value}`;
  return mysqlError('ERR_MYSQL_PARAMETER', `parameter ${index + 1} cannot be ${what}`, {
    details: { index },
  });
}

/** Text between the places of parameters. */
function split(sql: string, hasBackslashes: boolean): readonly string[] {
  const key = hasBackslashes ? sql : `\0${sql}`;
  let parts = pieces.get(key);
  if (parts !== undefined) return parts;
  parts = scan(sql, hasBackslashes);
  if (sql.length <= LONGEST) {
    if (pieces.size >= REMEMBERED) pieces.delete(pieces.keys().next().value as string);
    pieces.set(key, parts);
  }
  return parts;
}

function scan(sql: string, hasBackslashes: boolean): string[] {
  const parts: string[] = [];
  let from = 0;
  let at = 0;
  while (at < sql.length) {
    const character = sql[at];
    if (character === '?') {
      parts.push(sql.slice(from, at));
      at += 1;
      from = at;
    } else if (character === "'" || character === '"' || character === '`')
      at = behindQuote(sql, at, hasBackslashes && character !== '`');
    else if (character === '#' || (character === '-' && /^--(\s|$)/.test(sql.slice(at, at + 3))))
      at = behind(sql, '\n', at);
    // What stands behind /*! and /*+ is no comment.
    else if (character === '/' && sql[at + 1] === '*' && sql[at + 2] !== '!' && sql[at + 2] !== '+')
      at = behind(sql, '*/', at + 2);
    else at += 1;
  }
  parts.push(sql.slice(from));
  return parts;
}

function behindQuote(sql: string, start: number, hasBackslashes: boolean): number {
  const quote = sql[start];
  for (let at = start + 1; at < sql.length; at++) {
    if (hasBackslashes && sql[at] === '\\') at += 1;
    else if (sql[at] === quote) return at + 1;
  }
  return sql.length;
}

function behind(sql: string, end: string, from: number): number {
  const at = sql.indexOf(end, from);
  return at === -1 ? sql.length : at + end.length;
}

function literal(value: Parameter, hasBackslashes: boolean, index: number): string {
  switch (typeof value) {
    case 'string':
      return quoted(value, hasBackslashes);
    case 'number':
      if (Number.isFinite(value)) return String(value);
      break;
    case 'bigint':
      return String(value);
    case 'boolean':
      return value ? '1' : '0';
    case 'object':
      if (value === null) return 'NULL';
      if (value instanceof Uint8Array)
        return `x'${Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('hex')}'`;
      // An empty list is in no list: `in (NULL)` holds for nothing.
      if (Array.isArray(value)) return list(value, hasBackslashes, index);
      break;
  }
  throw wrongValue(index, value);
}

function list(values: readonly Parameter[], hasBackslashes: boolean, index: number): string {
  if (values.length === 0) return 'NULL';
  return values
    .map((value) =>
      Array.isArray(value)
        ? `(${value.map((inner) => literal(inner, hasBackslashes, index)).join(', ')})`
        : literal(value, hasBackslashes, index),
    )
    .join(', ');
}

function quoted(text: string, hasBackslashes: boolean): string {
  return hasBackslashes ? quoteSqlStr(text) : `'${text.replaceAll("'", "''")}'`;
}

/** Text as a literal of SQL, in quotes and escaped (`mysql.quote_sql_str`). */
export function quoteSqlStr(text: string): string {
  return mysql2.escape(String(text));
}

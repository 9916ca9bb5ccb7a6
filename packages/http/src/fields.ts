import { printable } from '@skynet/core';
import { httpError } from './errors.ts';

/** Header fields to be sent: by name, or a list of names and values. Values of a list get a line each. */
export type HeaderFields =
  | Readonly<Record<string, FieldValue | readonly FieldValue[] | undefined>>
  | Iterable<readonly [name: string, value: FieldValue]>;

/** A value of a field: text with one character a byte, or a number. */
export type FieldValue = string | number;

const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
/** Characters that are no bytes, and those that would end a line or are read as such by somebody. */
const BAD_VALUE = /[^\t\x20-\x7e\x80-\xff]/;
const BAD_TARGET = /[^\x21-\x7e]/;

/** Names and values, checked. @throws ERR_HTTP_HEADER. */
export function fieldsOf(given: HeaderFields): [name: string, value: string][] {
  const fields: [string, string][] = [];
  const add = (name: unknown, value: unknown): void => {
    fields.push([checkToken(name, 'name of a header field'), checkValue(value, name)]);
  };
  if (typeof given !== 'object' || given === null)
    throw httpError('ERR_HTTP_HEADER', `header fields must be an object, not ${printable(typeof given)}`);
  if (Symbol.iterator in given) {
    for (const entry of given as Iterable<unknown>) {
      if (!Array.isArray(entry) || entry.length !== 2)
        throw httpError('ERR_HTTP_HEADER', 'a list of header fields has pairs of name and value');
      add(entry[0], entry[1]);
    }
    return fields;
  }
  for (const name in given) {
    const value = (given as Readonly<Record<string, unknown>>)[name];
    if (value === undefined) continue;
    if (Array.isArray(value)) for (const one of value) add(name, one);
    else add(name, value);
  }
  return fields;
}

/** A name or method as RFC 9110 has it. @throws ERR_HTTP_HEADER. */
export function checkToken(text: unknown, what: string): string {
  if (typeof text === 'string' && TOKEN.test(text)) return text;
  throw httpError('ERR_HTTP_HEADER', `not the ${what}: ${printable(text)}`);
}

/** @throws ERR_HTTP_HEADER for what would be more, or other, than the value of one field. */
function checkValue(value: unknown, name: unknown): string {
  if (typeof value === 'number') return String(value);
  if (typeof value === 'string' && !BAD_VALUE.test(value)) return value;
  // Not the value itself: it may be a secret.
  throw httpError(
    'ERR_HTTP_HEADER',
    `the value of the header field ${printable(name)} is ${typeof value === 'string' ? 'not one line of bytes' : typeof value}`,
  );
}

/** A request target. @throws ERR_HTTP_URL. */
export function checkTarget(target: unknown): string {
  if (typeof target === 'string' && target !== '' && !BAD_TARGET.test(target)) return target;
  throw httpError('ERR_HTTP_URL', `not the target of a request: ${printable(target)}`);
}

import { printable } from '@skynet/core';
import { datacenterError } from './errors.ts';

/** What a path may be made of. A number and its text are two keys. */
export type Key = string | number | bigint | boolean;

/** A branch, by key. */
export type Branch = Map<Key, unknown>;

/** Whether a value has a path below it. */
export function isBranch(value: unknown): value is Branch {
  return value instanceof Map;
}

/** A value as it is kept: lists and objects are branches, as tables are in the original. */
export function kept(value: unknown): unknown {
  if (Array.isArray(value))
    return new Map(
      value.flatMap((part, i): [Key, unknown][] => (isNothing(part) ? [] : [[i + 1, kept(part)]])),
    );
  if (value instanceof Map)
    return new Map([...value].flatMap(([key, part]) => (isNothing(part) ? [] : [[key, kept(part)]])));
  if (typeof value === 'object' && value !== null && !(value instanceof Uint8Array))
    return new Map(
      Object.entries(value).flatMap(([key, part]): [Key, unknown][] =>
        isNothing(part) ? [] : [[key, kept(part)]],
      ),
    );
  return value;
}

/** A kept value as it is given out: what has only text for keys is an object, 1 to n a list, the rest a Map. */
export function given(value: unknown): unknown {
  if (!isBranch(value)) return value;
  const entries = [...value];
  if (entries.every((_entry, i) => value.has(i + 1)))
    return entries.map((_entry, i) => given(value.get(i + 1)));
  if (entries.every(([key]) => typeof key === 'string'))
    return Object.fromEntries(entries.map(([key, part]) => [key, given(part)]));
  return new Map(entries.map(([key, part]) => [key, given(part)]));
}

export function isNothing(value: unknown): value is null | undefined {
  return value === undefined || value === null;
}

/** @throws ERR_DATACENTER_PATH for what cannot be a key. */
export function checkPath(path: readonly unknown[]): asserts path is readonly Key[] {
  for (const key of path) {
    const isKey =
      typeof key === 'string' ||
      typeof key === 'boolean' ||
      typeof key === 'bigint' ||
      (typeof key === 'number' && !Number.isNaN(key));
    if (!isKey)
      throw datacenterError('ERR_DATACENTER_PATH', `not a key of the datacenter: ${printable(key)}`);
  }
}

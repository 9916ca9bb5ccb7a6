import { snaxError } from './errors.ts';

// What passes from one instance to the next: values of variables, as far as they are data.

/** Stands for what messages cannot carry. */
const MARK = '$snax';

/** Copies of all variables that are data, by name. @throws ERR_HANDOVER for a collection with something else in it. */
export function takeState(variables: object): Record<string, unknown> {
  const state: Record<string, unknown> = {};
  for (const name of Object.keys(variables)) {
    const value = (variables as Record<string, unknown>)[name];
    try {
      state[name] = toData(value);
    } catch (thrown) {
      if (!(thrown instanceof NoData)) throw thrown;
      // Functions, contexts and connections are the new instance's own. What has been put into a collection is state.
      if (!(value instanceof Map || value instanceof Set || Array.isArray(value))) continue;
      throw snaxError(
        'ERR_HANDOVER',
        `the variable ${name} holds ${thrown.what}, which cannot be handed over`,
        {
          details: { local: name },
        },
      );
    }
  }
  return state;
}

/** Puts them back; those that nobody may set are filled anew where they are collections. */
export function putState(variables: object, state: Readonly<Record<string, unknown>>): void {
  for (const [name, data] of Object.entries(state)) {
    const accessor = Object.getOwnPropertyDescriptor(variables, name);
    if (accessor === undefined) continue;
    const value = fromData(data);
    if (accessor.set !== undefined || accessor.writable === true)
      (variables as Record<string, unknown>)[name] = value;
    else refill((variables as Record<string, unknown>)[name], value);
  }
}

function refill(target: unknown, value: unknown): void {
  if (target instanceof Map && value instanceof Map) {
    target.clear();
    for (const [key, each] of value) target.set(key, each);
  } else if (target instanceof Set && value instanceof Set) {
    target.clear();
    for (const each of value) target.add(each);
  } else if (Array.isArray(target) && Array.isArray(value)) target.splice(0, target.length, ...value);
  else if (isPlain(target) && isPlain(value)) {
    for (const key of Object.keys(target)) delete target[key];
    Object.assign(target, value);
  }
}

/** Something that is no data. */
class NoData {
  readonly what: string;

  constructor(what: string) {
    this.what = what;
  }
}

function toData(value: unknown): unknown {
  if (typeof value === 'function') throw new NoData('a function');
  if (typeof value === 'symbol') throw new NoData('a symbol');
  if (typeof value !== 'object' || value === null) return value;
  if (value instanceof Uint8Array) return value;
  if (Array.isArray(value)) return value.map(toData);
  if (value instanceof Map)
    return new Map([...value].map(([key, each]) => [toData(key), toData(each)] as const));
  if (value instanceof Set) return { [MARK]: 'set', values: [...value].map(toData) };
  if (value instanceof Date) return { [MARK]: 'date', values: [value.getTime()] };
  if (!isPlain(value)) throw new NoData(`a ${value.constructor?.name ?? 'strange object'}`);
  if (MARK in value) return { [MARK]: 'object', values: [toData(Object.entries(value))] };
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, toData(each)]));
}

function fromData(data: unknown): unknown {
  if (typeof data !== 'object' || data === null || data instanceof Uint8Array) return data;
  if (Array.isArray(data)) return data.map(fromData);
  if (data instanceof Map)
    return new Map([...data].map(([key, each]) => [fromData(key), fromData(each)] as const));
  const { [MARK]: mark, values } = data as { [MARK]?: string; values?: unknown[] };
  if (mark === 'set') return new Set((values as unknown[]).map(fromData));
  if (mark === 'date') return new Date((values as number[])[0] as number);
  if (mark === 'object') return Object.fromEntries(fromData((values as unknown[])[0]) as [string, unknown][]);
  return Object.fromEntries(Object.entries(data).map(([key, each]) => [key, fromData(each)]));
}

function isPlain(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || prototype === Object.prototype || Object.getPrototypeOf(prototype) === null;
}

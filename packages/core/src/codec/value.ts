import { SkynetError } from '../errors.ts';

/**
 * What a message can hold. The same on every route: within a thread (`copy.ts`), between threads (`link.ts`) and, as
 * far as Lua has it, towards the original's nodes (`lua-seri.ts`).
 *
 * - Objects are plain: their prototype is `Object.prototype` or null; they arrive with `Object.prototype`. Their own
 *   enumerable keys travel, in order; symbol keys and extra properties of arrays stay behind, getters are read.
 *   A key `__proto__` is a key like any other.
 * - Holes of arrays arrive as undefined. A `Buffer` arrives as a `Buffer`, other `Uint8Array`s as `Uint8Array`, both
 *   with memory of their own.
 * - A part that stands in two places arrives as two parts. A value that contains itself is refused, as is one nested
 *   deeper than {@link MAX_DEPTH}.
 * - Everything else is refused with `ERR_UNSERIALIZABLE`: functions, symbols, objects of a class (Date, Set, Error …).
 */
export type Value =
  | null
  | undefined
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | Value[]
  | { [key: string]: Value }
  | Map<Value, Value>;

/** Deepest nesting: a value stands inside at most this many arrays, objects and maps. */
export const MAX_DEPTH = 512;

/**
 * Thrown by a codec in the middle of a value that has to be refused, and caught by the same codec. Only then is the
 * value searched for the part at fault, so that the ordinary way pays nothing for paths.
 */
export const REFUSED: Error = new Error('refused');
REFUSED.stack = '';

/** Whether the object travels as an object with keys. */
export function isPlain(value: object): value is Record<string, unknown> {
  // Of `Object` it takes twice as long where objects of many shapes come.
  const proto = Reflect.getPrototypeOf(value);
  return proto === Object.prototype || proto === null;
}

/** Sets an own key `__proto__`, which by assignment would set the prototype. */
export function setProtoKey(target: object, value: unknown): void {
  Object.defineProperty(target, '__proto__', { value, enumerable: true, configurable: true, writable: true });
}

/** How far one codec differs from the value model. */
export interface CodecLimits {
  /** Containers (arrays, objects, maps) a container may stand in. */
  readonly maxDepth?: number;
  /** Parts that are no containers are held to `maxDepth` too. */
  readonly leavesToo?: boolean;
  /** Why the part, or the key of an object or map, is refused; null to take it; undefined to go by the value model. */
  readonly rule?: (part: unknown, isKey: boolean) => string | null | undefined;
}

interface Fault {
  readonly path: string;
  readonly type: string;
}

/**
 * The error for a refused value: `$[1].pos.fn: function`.
 * `details.path` says where (`$` is the value itself), `details.type` what stands there.
 */
export function refusal(value: unknown, limits: CodecLimits = {}): SkynetError {
  const changed: Fault = { path: '$', type: 'changed while it was read' };
  const fault = find(value, '$', false, { maxDepth: MAX_DEPTH, ...limits, above: new Set() }) ?? changed;
  return refuse(fault.path, fault.type);
}

/** The error for a part that is known to be at fault. */
export function refuse(path: string, type: string): SkynetError {
  return new SkynetError('ERR_UNSERIALIZABLE', `cannot be sent: ${path}: ${type}`, {
    details: { path, type },
  });
}

interface Search extends CodecLimits {
  readonly maxDepth: number;
  /** The containers around the part looked at. */
  readonly above: Set<object>;
}

function find(part: unknown, path: string, isKey: boolean, search: Search): Fault | undefined {
  const isContainer = typeof part === 'object' && part !== null && !(part instanceof Uint8Array);
  if (isContainer && search.above.has(part)) return { path: shorten(path), type: 'contains itself' };
  if ((isContainer || search.leavesToo === true) && search.above.size >= search.maxDepth) {
    return { path: shorten(path), type: 'nested too deeply' };
  }
  const ruling = search.rule?.(part, isKey);
  if (typeof ruling === 'string') return { path, type: ruling };
  if (ruling === null) return undefined;
  if (typeof part === 'function' || typeof part === 'symbol') return { path, type: typeof part };
  if (!isContainer) return undefined;
  if (!Array.isArray(part) && !(part instanceof Map) && !isPlain(part)) return { path, type: nameOf(part) };
  search.above.add(part);
  const fault = findInside(part, path, search);
  search.above.delete(part);
  return fault;
}

function findInside(part: object, path: string, search: Search): Fault | undefined {
  if (Array.isArray(part)) {
    for (let i = 0; i < part.length; i++) {
      const fault = find(part[i], `${path}[${i}]`, false, search);
      if (fault !== undefined) return fault;
    }
  } else if (part instanceof Map) {
    let i = 0;
    for (const [key, item] of part) {
      const fault =
        find(key, `${path}.key(${i++})`, true, search) ??
        find(item, `${path}.get(${quoteKey(key)})`, false, search);
      if (fault !== undefined) return fault;
    }
  } else {
    for (const [key, item] of Object.entries(part)) {
      const step = /^[A-Za-z_$][\w$]*$/.test(key) ? `.${key}` : `[${JSON.stringify(key)}]`;
      const ruling = search.rule?.(key, true);
      if (typeof ruling === 'string') return { path: `${path}${step}`, type: `key: ${ruling}` };
      const fault = find(item, `${path}${step}`, false, search);
      if (fault !== undefined) return fault;
    }
  }
  return undefined;
}

function nameOf(part: object): string {
  const name: unknown = part.constructor?.name;
  return typeof name === 'string' && name !== '' ? name : 'object of a class';
}

function quoteKey(key: unknown): string {
  if (typeof key === 'string') return JSON.stringify(key);
  if (typeof key === 'bigint') return `${key}n`;
  return typeof key === 'object' && key !== null ? nameOf(key) : String(key);
}

/** A path of hundreds of steps helps nobody. */
function shorten(path: string): string {
  return path.length <= 200 ? path : `${path.slice(0, 100)}…${path.slice(-99)}`;
}

import { ShapeCopiers } from './shape-copier.ts';
import { ShapeSite } from './shape-site.ts';
import { isPlain, MAX_DEPTH, REFUSED, refusal, setProtoKey } from './value.ts';

/**
 * Copies a value (see `value.ts`), so that sender and receiver share nothing. Primitives are returned as they are.
 * @throws ERR_UNSERIALIZABLE with `details.path` and `details.type` of the part that cannot be sent.
 */
export function copyValue(value: unknown): unknown {
  const kind = typeof value;
  if (kind === 'string' || kind === 'number' || kind === 'boolean' || value === undefined || value === null)
    return value;
  try {
    return copyAtTop(value);
  } catch (thrown) {
    throw thrown === REFUSED ? refusal(value) : thrown;
  }
}

/**
 * Copies the values of an array in place and returns it; the array itself must be the caller's own, as the rest array
 * of a call is. Paths in errors begin with the position: `$[1].pos`.
 * @throws ERR_UNSERIALIZABLE; the array is then half copied.
 */
export function copyArgs(args: unknown[]): unknown[] {
  for (let i = 0; i < args.length; i++) {
    const value = args[i];
    const kind = typeof value;
    if (kind === 'string' || kind === 'number' || kind === 'boolean' || value === undefined || value === null)
      continue;
    copyArg(args, i);
  }
  return args;
}

function copyArg(args: unknown[], i: number): void {
  try {
    args[i] = copyAtTop(args[i]);
  } catch (thrown) {
    throw thrown === REFUSED ? refusal(args, { maxDepth: MAX_DEPTH + 1 }) : thrown;
  }
}

// The loops below test for the common kinds in place: a call for each number or string would double the time.

const copiers = new ShapeCopiers(copy);
const slice = Array.prototype.slice;
/** What messages carry, whoever sends them. */
const top = new ShapeSite();

/** Objects of the shape that came last, mostly. */
function copyAtTop(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return copy(value, 0);
  return top.copier?.(value, 1, true) ?? copiers.copyAt(top, value, 0);
}

function copy(value: unknown, depth: number): unknown {
  if (typeof value !== 'object') {
    if (typeof value === 'function' || typeof value === 'symbol') throw REFUSED;
    return value;
  }
  if (value === null) return null;
  if (depth === MAX_DEPTH && !(value instanceof Uint8Array)) throw REFUSED;
  if (Array.isArray(value)) return copyArray(value, depth + 1);
  if (ArrayBuffer.isView(value)) return copyBytes(value);
  const made = copiers.find(value)?.(value, depth + 1);
  if (made !== undefined) return made;
  if (isPlain(value)) return copyObject(value, depth + 1);
  return copyMap(value, depth + 1);
}

function copyObject(value: Record<string, unknown>, depth: number): unknown {
  const result: Record<string, unknown> = {};
  for (const key in value) {
    const part = value[key];
    const kind = typeof part;
    if (key === '__proto__') setProtoKey(result, copy(part, depth));
    else
      result[key] = kind === 'object' || kind === 'function' || kind === 'symbol' ? copy(part, depth) : part;
  }
  return result;
}

function copyArray(value: readonly unknown[], depth: number): unknown[] {
  // Of an array of a class this would be one, too.
  const result: unknown[] = value.constructor === Array ? slice.call(value) : [];
  const length = value.length;
  for (let i = 0; i < length; i++) {
    const part = result.length > i ? result[i] : value[i];
    const kind = typeof part;
    if (kind === 'object' || kind === 'function' || kind === 'symbol') result[i] = copy(part, depth);
    else if (part === undefined) result[i] = part; // perhaps a hole
  }
  return result;
}

function copyBytes(value: ArrayBufferView): Uint8Array {
  if (Buffer.isBuffer(value)) return Buffer.from(value);
  if (value instanceof Uint8Array) return new Uint8Array(value);
  throw REFUSED;
}

function copyMap(value: object, depth: number): unknown {
  if (!(value instanceof Map)) throw REFUSED;
  const result = new Map<unknown, unknown>();
  for (const [key, part] of value) result.set(copy(key, depth), copy(part, depth));
  return result;
}

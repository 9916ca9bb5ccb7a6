import { SkynetError } from '../errors.ts';
import { copyValue } from './copy.ts';
import type { Value } from './value.ts';

/** An error as data: a plain object that fits in a message. */
export interface ErrorData {
  readonly [key: string]: Value;
  /** `SkynetError`, or the name of another class, which is not rebuilt. */
  name: string;
  message: string;
  /** Missing when the error had none. */
  code?: string;
  /** As it was where the error was made. */
  stack?: string;
  /** What of the details can be sent; the rest as text. */
  details?: { [key: string]: Value };
  cause?: ErrorData;
  /** What the log has of it already. */
  told?: Told;
}

/** `logged`: the log has it, with its stack. `passed`: to be logged by whoever it ends at, services on the way pass it on. */
export type Told = 'logged' | 'passed';

const told = new WeakMap<object, Told>();

/** Notes what the log has of something that was thrown. Nothing can be noted for what is no object. */
export function markTold(thrown: unknown, what: Told): void {
  if (typeof thrown === 'object' && thrown !== null) told.set(thrown, what);
}

/** What the log has of something that was thrown. */
export function toldOf(thrown: unknown): Told | undefined {
  return typeof thrown === 'object' && thrown !== null ? told.get(thrown) : undefined;
}

/** Causes of causes beyond this are left out; ends circles too. */
const MAX_CAUSES = 8;

/** Anything thrown as data; what is no Error becomes one with its text as message. Never throws. */
export function errorToData(thrown: unknown): ErrorData {
  return toData(thrown, 0);
}

function toData(thrown: unknown, depth: number): ErrorData {
  if (!(thrown instanceof Error)) return { name: 'Error', message: text(thrown) };
  const data: ErrorData = { name: text(thrown.name), message: text(thrown.message) };
  const known = told.get(thrown);
  if (known !== undefined) data.told = known;
  const { code, details } = thrown as { code?: unknown; details?: unknown };
  if (typeof code === 'string') data.code = code;
  if (typeof thrown.stack === 'string') data.stack = thrown.stack;
  if (typeof details === 'object' && details !== null) data.details = sendable(details);
  if (thrown.cause !== undefined && thrown.cause !== null && depth < MAX_CAUSES)
    data.cause = toData(thrown.cause, depth + 1);
  return data;
}

/** An error from its data. One with a code is a {@link SkynetError}, whatever it was; the stack is the original's. */
export function errorFromData(data: ErrorData): Error {
  const options: { cause?: Error; details?: Record<string, unknown> } = {};
  if (data.cause !== undefined) options.cause = errorFromData(data.cause);
  if (data.details !== undefined) options.details = data.details;
  const error =
    data.code === undefined
      ? new Error(data.message, options)
      : new SkynetError(data.code, data.message, options);
  if (data.code === undefined) {
    if (data.name !== 'Error') hidden(error, 'name', data.name);
    if (data.details !== undefined) Object.assign(error, { details: data.details });
  }
  hidden(error, 'stack', data.stack ?? `${data.name}: ${data.message}`);
  if (data.told !== undefined) told.set(error, data.told);
  return error;
}

function hidden(error: Error, key: string, value: string): void {
  Object.defineProperty(error, key, { value, configurable: true, writable: true });
}

function sendable(details: object): { [key: string]: Value } {
  const result: { [key: string]: Value } = {};
  for (const [key, value] of Object.entries(details)) {
    try {
      result[key] = copyValue(value) as Value;
    } catch {
      result[key] = text(value);
    }
  }
  return result;
}

/** `String(value)` throws for objects without prototype and the like. */
function text(value: unknown): string {
  try {
    return String(value);
  } catch {
    return Object.prototype.toString.call(value);
  }
}

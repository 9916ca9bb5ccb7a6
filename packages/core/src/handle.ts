import { SkynetError } from './errors.ts';
import { printable } from './log/printable.ts';
/**
 * The address of a service: 32 bits, the harbor id in the high eight, a number of the node in the low 24.
 * 0 is nobody.
 */
export type Handle = number;

/** A handle, its text `":0100000a"`, a local name `".name"`, or a global name. */
export type Address = Handle | string;

/** The largest number a node gives out. */
export const MAX_LOCAL_HANDLE = 0xffffff;

/** The harbor id in a handle. */
export function harborOf(handle: Handle): number {
  return handle >>> 24;
}

/** The number of a handle inside its node. */
export function localOf(handle: Handle): number {
  return handle & MAX_LOCAL_HANDLE;
}

/** A handle from a harbor id (0 to 255) and a local number. */
export function makeHandle(harbor: number, local: number): Handle {
  return ((harbor << 24) | local) >>> 0;
}

/** `:0100000a`, as log lines show a handle. */
export function formatHandle(handle: Handle): string {
  if (typeof handle !== 'number')
    throw new SkynetError('ERR_ADDRESS_INVALID', `not a handle: ${printable(handle)}`);
  return `:${handle.toString(16).padStart(8, '0')}`;
}

/** `:100000b`, a handle without padding, as the original's kill and error lines show it. */
export function formatShort(handle: Handle): string {
  return `:${handle.toString(16)}`;
}

/** A handle from `:hex` text, or undefined when the text is none. */
export function parseHandle(text: string): Handle | undefined {
  if (typeof text !== 'string' || !/^:[0-9a-f]{1,8}$/i.test(text)) return undefined;
  return Number.parseInt(text.slice(1), 16);
}

/** Whether the value is a number that can be a handle (0 excluded). */
export function isHandle(value: unknown): value is Handle {
  return typeof value === 'number' && value > 0 && value <= 0xffffffff && Number.isInteger(value);
}

import { SkynetError } from '../errors.ts';
import { encodeText, encodeTextInto } from './text.ts';

/** Bytes of the length in front of a frame: 2 in the gate's protocol, 4 in the older gate's `L` form and in harbor. */
export type HeaderSize = 2 | 4;

/** How frames look. */
export interface FrameOptions {
  /** Bytes of the big endian length, which does not count itself. Default 2. */
  header?: HeaderSize;
  /**
   * Largest payload in bytes. Default and maximum 65535 for a header of 2; for a header of 4 the default is
   * 16777215, since the original's gate refuses 16 MiB, and the maximum 4294967295.
   */
  limit?: number;
}

const LARGEST = { 2: 0xffff, 4: 0xffff_ffff } as const;
const DEFAULT_LIMIT = { 2: 0xffff, 4: 0xff_ffff } as const;

/**
 * The header size of `options`, checked.
 *
 * @throws `ERR_ARGUMENT` if it is neither 2 nor 4.
 */
export function headerOf(options: FrameOptions | undefined): HeaderSize {
  const header = options?.header ?? 2;
  if (header !== 2 && header !== 4) {
    throw new SkynetError('ERR_ARGUMENT', `header: expected 2 or 4, got ${String(header)}`);
  }
  return header;
}

/**
 * The limit of `options`, checked.
 *
 * @throws `ERR_ARGUMENT` if it is no whole number that the header can hold.
 */
export function limitOf(options: FrameOptions | undefined, header: HeaderSize): number {
  const limit = options?.limit;
  if (limit === undefined) return DEFAULT_LIMIT[header];
  if (!Number.isInteger(limit) || limit < 0 || limit > LARGEST[header]) {
    throw new SkynetError(
      'ERR_ARGUMENT',
      `limit: expected a whole number from 0 to ${LARGEST[header]}, got ${String(limit)}`,
    );
  }
  return limit;
}

function checkSize(size: number, limit: number): void {
  if (size <= limit) return;
  throw new SkynetError('ERR_FRAME_TOO_LARGE', `Invalid size (too long) of data : ${size}`, {
    details: { size, limit },
  });
}

/** Small frames are cut from blocks: memory of its own costs a frame several times as much as all the rest. */
const BLOCK = 8192;
let block = new ArrayBuffer(BLOCK);
let used = 0;

function memory(size: number): Uint8Array {
  if (size > BLOCK >>> 3) return new Uint8Array(size);
  if (used + size > BLOCK) {
    block = new ArrayBuffer(BLOCK);
    used = 0;
  }
  const bytes = new Uint8Array(block, used, size);
  used += size;
  return bytes;
}

function writeHeader(target: Uint8Array, offset: number, size: number, header: HeaderSize): void {
  let at = offset;
  if (header === 4) {
    target[at++] = size >>> 24;
    target[at++] = size >>> 16;
  }
  target[at++] = size >>> 8;
  target[at] = size;
}

function refuseKind(data: unknown): never {
  throw new SkynetError(
    'ERR_ARGUMENT',
    `data: expected a string or Uint8Array, got ${data === null ? 'null' : typeof data}`,
  );
}

/**
 * One frame: the length, big endian, and the payload. Text goes as UTF-8. The original's `netpack.pack`.
 *
 * @throws `ERR_FRAME_TOO_LARGE` if the payload is above the limit, with `details.size` and `details.limit`;
 * `ERR_ARGUMENT` for data or options of the wrong kind.
 */
export function pack(data: string | Uint8Array, options?: FrameOptions): Uint8Array {
  const header = headerOf(options);
  const limit = limitOf(options, header);
  if (typeof data === 'string') {
    const frame = encodeText(data, header);
    checkSize(frame.length - header, limit);
    writeHeader(frame, 0, frame.length - header, header);
    return frame;
  }
  if (!(data instanceof Uint8Array)) return refuseKind(data);
  checkSize(data.length, limit);
  const frame = memory(header + data.length);
  writeHeader(frame, 0, data.length, header);
  frame.set(data, header);
  return frame;
}

/**
 * As `pack`, but into memory that is there already: writes header and payload to `target` from `offset` on and
 * returns how many bytes that were. For loops that put many frames into one buffer.
 *
 * @throws As `pack`, and `ERR_ARGUMENT` if the frame does not fit; after an error the bytes from `offset` on may have
 * been written over.
 */
export function packInto(
  data: string | Uint8Array,
  target: Uint8Array,
  offset: number,
  options?: FrameOptions,
): number {
  const header = headerOf(options);
  const limit = limitOf(options, header);
  const room = target.length - offset - header;
  if (!Number.isInteger(offset) || offset < 0 || room < 0) {
    throw new SkynetError(
      'ERR_ARGUMENT',
      `offset: no room for a header at ${String(offset)} of ${target.length} bytes`,
    );
  }
  let size: number;
  if (typeof data === 'string') {
    size = encodeTextInto(data, target, offset + header);
    if (size < 0) checkSize(encodeText(data, 0).length, limit);
  } else if (data instanceof Uint8Array) {
    size = data.length;
  } else {
    return refuseKind(data);
  }
  checkSize(size, limit);
  if (size < 0 || size > room) {
    throw new SkynetError(
      'ERR_ARGUMENT',
      `target: the payload does not fit into the ${room} bytes after the header`,
      { details: { room } },
    );
  }
  if (typeof data !== 'string') target.set(data, offset + header);
  writeHeader(target, offset, size, header);
  return header + size;
}

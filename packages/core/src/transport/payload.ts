import { SkynetError } from '../errors.ts';

/** What every connection says of what it is given to write. @throws ERR_ARGUMENT. */
export function checkBytes(value: unknown): asserts value is Uint8Array {
  if (value instanceof Uint8Array) return;
  const type = value === null ? 'null' : typeof value;
  throw new SkynetError('ERR_ARGUMENT', `a connection takes a Uint8Array, not ${type}`);
}

/** The same of a frame. @throws ERR_ARGUMENT, ERR_FRAME_TOO_LARGE. */
export function checkFrame(payload: unknown, header: 2 | 4): asserts payload is Uint8Array {
  checkBytes(payload);
  const size = payload.length;
  if (header === 4 || size <= 0xffff) return;
  const text = `a frame of ${size} bytes does not fit a header of two bytes`;
  throw new SkynetError('ERR_FRAME_TOO_LARGE', text, { details: { size, limit: 0xffff } });
}

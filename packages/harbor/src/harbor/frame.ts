import { FrameReader } from '@skynet/core/netpack';

// What travels between two nodes, after one byte each way with the harbor id:
//
//   u32    length of what follows; its top byte is 0
//   bytes  content
//   u32    source handle
//   u32    message type << 24 | number of the destination in its node
//   u32    session
//
// All numbers are big endian.

/** Bytes behind the content. */
const TRAILER = 12;

/** The largest length a frame can have. */
export const MAX_FRAME = 0xffffff;

/** The largest content that fits into a frame. */
export const MAX_CONTENT: number = MAX_FRAME - TRAILER;

/** A frame ready to be written, its length in front. The content must fit: see {@link MAX_CONTENT}. */
export function encodeFrame(
  content: Uint8Array,
  source: number,
  type: number,
  destination: number,
  session: number,
): Buffer {
  const length = content.length;
  const frame = Buffer.allocUnsafe(4 + length + TRAILER);
  frame.writeUInt32BE(length + TRAILER, 0);
  if (length > 0) frame.set(content, 4);
  frame.writeUInt32BE(source, 4 + length);
  frame.writeUInt32BE(((type << 24) | (destination & 0xffffff)) >>> 0, 8 + length);
  frame.writeUInt32BE(session, 12 + length);
  return frame;
}

/** Who gets what a frame holds. The content may be kept. */
export type TakeFrame = (
  content: Uint8Array,
  source: number,
  type: number,
  destination: number,
  session: number,
) => void;

/**
 * Reads the frames of one connection.
 * @returns a function that takes chunks; it throws ERR_FRAME_TOO_LARGE for a length whose top byte is not 0, and what
 *   `tooShort` makes for one that leaves no room for the trailer. Nothing can be read any more then.
 */
export function createFrameReader(
  take: TakeFrame,
  tooShort: (length: number) => Error,
): (chunk: Uint8Array) => void {
  const reader = new FrameReader({ header: 4, limit: MAX_FRAME });
  let failure: Error | undefined;
  const onFrame = (frame: Uint8Array): void => {
    if (failure !== undefined) return;
    const end = frame.length - TRAILER;
    if (end < 0) {
      failure = tooShort(frame.length);
      return;
    }
    const at = new DataView(frame.buffer, frame.byteOffset + end, TRAILER);
    const target = at.getUint32(4);
    take(frame.subarray(0, end), at.getUint32(0), target >>> 24, target & 0xffffff, at.getUint32(8));
  };
  return (chunk) => {
    if (failure === undefined) reader.pushOwned(chunk, onFrame);
    if (failure !== undefined) throw failure;
  };
}

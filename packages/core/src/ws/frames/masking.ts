/** Up to here a loop over bytes is quicker than words. */
const FEW = 16;
/** Up to here a loop over bytes is quicker than a copy and words. */
const LOOPED = 128;

/** The bytes that were read as words last: the frames of a chunk come one after another. */
let seen: Uint8Array = new Uint8Array(0);
/** Their memory: readers get the same again and again. */
let viewed: DataView = new DataView(seen.buffer);

function viewOf(bytes: Uint8Array): DataView {
  if (bytes !== seen) look(bytes);
  return viewed;
}

/** Once a chunk, not once a frame: to ask bytes for their memory is a call of the host. */
function look(bytes: Uint8Array): void {
  seen = bytes;
  if (viewed.buffer !== bytes.buffer) viewed = new DataView(bytes.buffer);
}

/**
 * Takes the mask off a payload, and puts it elsewhere in the same memory, or where it was.
 * @param mask Where the four bytes of the mask are; untouched until it is read.
 * @param to Not behind `from`.
 */
export function unmaskWithin(bytes: Uint8Array, mask: number, from: number, size: number, to: number): void {
  const m0 = bytes[mask] as number;
  const m1 = bytes[mask + 1] as number;
  const m2 = bytes[mask + 2] as number;
  const m3 = bytes[mask + 3] as number;
  let i = 0;
  if (size >= FEW) {
    const view = viewOf(bytes);
    const source = bytes.byteOffset + from;
    const target = bytes.byteOffset + to;
    const word = m0 | (m1 << 8) | (m2 << 16) | (m3 << 24);
    for (const words = size & ~3; i < words; i += 4)
      view.setInt32(target + i, view.getInt32(source + i, true) ^ word, true);
  } else {
    for (const words = size & ~3; i < words; i += 4) {
      bytes[to + i] = (bytes[from + i] as number) ^ m0;
      bytes[to + i + 1] = (bytes[from + i + 1] as number) ^ m1;
      bytes[to + i + 2] = (bytes[from + i + 2] as number) ^ m2;
      bytes[to + i + 3] = (bytes[from + i + 3] as number) ^ m3;
    }
  }
  if (i === size) return;
  bytes[to + i] = (bytes[from + i] as number) ^ m0;
  if (++i === size) return;
  bytes[to + i] = (bytes[from + i] as number) ^ m1;
  if (++i === size) return;
  bytes[to + i] = (bytes[from + i] as number) ^ m2;
}

/** The mask for a payload of which so many bytes are gone already. */
export function maskBehind(mask: number, gone: number): number {
  const bits = (gone & 3) * 8;
  return bits === 0 ? mask : (mask >>> bits) | (mask << (32 - bits));
}

/** Takes the mask, its first byte the lowest, off bytes. */
export function unmask(bytes: Uint8Array, from: number, size: number, mask: number): void {
  const end = from + size;
  let at = from;
  if (size >= FEW) {
    const view = viewOf(bytes);
    const offset = bytes.byteOffset;
    for (; at + 4 <= end; at += 4) view.setInt32(offset + at, view.getInt32(offset + at, true) ^ mask, true);
  }
  for (let bits = 0; at < end; at++, bits += 8) bytes[at] = (bytes[at] as number) ^ (mask >>> (bits & 31));
}

/** A copy of bytes with the mask off. */
export function unmaskedCopy(bytes: Uint8Array, from: number, size: number, mask: number): Buffer {
  const copy = Buffer.allocUnsafe(size);
  if (size < LOOPED) {
    for (let i = 0; i < size; i++) copy[i] = (bytes[from + i] as number) ^ (mask >>> ((i & 3) * 8));
    return copy;
  }
  copy.set(bytes.subarray(from, from + size));
  if (mask !== 0) unmask(copy, 0, size, mask);
  return copy;
}

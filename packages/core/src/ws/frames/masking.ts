/** Up to here a loop over bytes is quicker than words. */
const FEW = 16;

/** The last memory that was read as words: readers get the same again and again. */
let viewed: DataView = new DataView(new ArrayBuffer(0));

function viewOf({ buffer }: Uint8Array): DataView {
  if (viewed.buffer !== buffer) viewed = new DataView(buffer);
  return viewed;
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

/**
 * Takes the mask off a part of a payload that lies in memory of its own.
 * @param phase How many bytes of the payload are in front of the part.
 */
export function unmask(bytes: Uint8Array, from: number, size: number, mask: Uint8Array, phase: number): void {
  const m0 = mask[phase & 3] as number;
  const m1 = mask[(phase + 1) & 3] as number;
  const m2 = mask[(phase + 2) & 3] as number;
  const m3 = mask[(phase + 3) & 3] as number;
  const end = from + size;
  let at = from;
  if (size >= FEW) {
    const view = viewOf(bytes);
    const offset = bytes.byteOffset;
    const word = m0 | (m1 << 8) | (m2 << 16) | (m3 << 24);
    for (; at + 4 <= end; at += 4) view.setInt32(offset + at, view.getInt32(offset + at, true) ^ word, true);
  }
  for (let i = 0; at < end; at++, i++)
    bytes[at] = (bytes[at] as number) ^ (i % 4 === 0 ? m0 : i % 4 === 1 ? m1 : i % 4 === 2 ? m2 : m3);
}

/** The length in front of a frame, big endian. */
export function frameHeader(length: number, size: 2 | 4): Uint8Array {
  const header = new Uint8Array(size);
  if (size === 4) {
    header[0] = length >>> 24;
    header[1] = length >>> 16;
  }
  header[size - 2] = length >>> 8;
  header[size - 1] = length;
  return header;
}

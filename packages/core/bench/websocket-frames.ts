/** A binary frame of a client; the key is zero, so that the payload stands as it is. */
export function maskedFrame(payload: Uint8Array): Buffer {
  const { length } = payload;
  const head =
    length < 126 ? Buffer.from([0x82, 0x80 | length]) : Buffer.from([0x82, 0xfe, length >> 8, length & 0xff]);
  return Buffer.concat([head, Buffer.alloc(4), payload]);
}

/** Cuts what a server sends into payloads. Returns what takes a chunk. */
export function frameCutter(take: (payload: Buffer) => void): (chunk: Buffer) => void {
  let rest: Buffer = Buffer.alloc(0);
  return (chunk) => {
    let bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    while (bytes.length >= 2) {
      const short = bytes[1] as number;
      const start = short < 126 ? 2 : short === 126 ? 4 : 10;
      if (bytes.length < start) break;
      const size =
        short < 126 ? short : short === 126 ? bytes.readUInt16BE(2) : Number(bytes.readBigUInt64BE(2));
      if (bytes.length < start + size) break;
      take(bytes.subarray(start, start + size));
      bytes = bytes.subarray(start + size);
    }
    rest = bytes;
  };
}

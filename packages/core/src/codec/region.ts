/** A stretch of memory seen in the ways the link codec and the ring need. Shared memory or not makes no difference. */
export class Region {
  /** The memory, byte by byte. */
  readonly bytes: Uint8Array;
  /** The same for numbers. */
  readonly view: DataView;
  /** The same bytes with the host's fast conversions of text. */
  readonly text: Buffer;
  /** In bytes. */
  readonly size: number;

  constructor(
    memory: ArrayBufferLike,
    byteOffset: number = 0,
    byteLength: number = memory.byteLength - byteOffset,
  ) {
    this.size = byteLength;
    this.bytes = new Uint8Array(memory, byteOffset, byteLength);
    this.view = new DataView(memory, byteOffset, byteLength);
    this.text = Buffer.from(memory as ArrayBuffer, byteOffset, byteLength);
  }
}

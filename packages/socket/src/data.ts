import { socketError } from './errors.ts';
import { decodeText, encodeText } from './text.ts';

/** In which form bytes are read, see the README. */
export type Encoding = 'utf8' | 'latin1' | 'bytes';

/** What reading yields: text, or a `Buffer` with the encoding `"bytes"`. */
export type SocketData<E extends Encoding = 'utf8'> = E extends 'bytes' ? Buffer : string;

/** One piece of what is written: text, bytes, or a number, which is written as text. */
export type WritePiece = string | Uint8Array | number;

/** What is written: a piece, or a list of pieces that go out as one (book §9.1). */
export type WriteData = WritePiece | readonly WritePiece[];

const NOT_LATIN1 = /[^\0-\xff]/;

/** Bytes in the form of an encoding. */
export function decode(bytes: Buffer, encoding: Encoding): string | Buffer {
  if (encoding === 'utf8') return decodeText(bytes);
  return encoding === 'latin1' ? bytes.toString('latin1') : bytes;
}

/**
 * Data to be written as bytes of our own: nothing the caller does later changes them.
 * @throws ERR_SOCKET_DATA for anything else, and for text with characters above U+00FF when the encoding is latin1.
 */
export function encode(data: WriteData, encoding: Encoding): Uint8Array {
  if (!Array.isArray(data)) {
    const piece = encodePiece(data as WritePiece, encoding);
    return piece === data ? Buffer.from(piece) : piece;
  }
  const [first] = data;
  return data.length === 1 && !Array.isArray(first)
    ? encode(first, encoding)
    : Buffer.concat(data.map((piece) => encodePiece(piece, encoding)));
}

function encodePiece(piece: WritePiece, encoding: Encoding): Uint8Array {
  if (typeof piece === 'string') {
    if (encoding !== 'latin1') return encodeText(piece);
    if (NOT_LATIN1.test(piece)) throw unwritable('text with characters above U+00FF', encoding);
    return Buffer.from(piece, 'latin1');
  }
  if (typeof piece === 'number') return Buffer.from(String(piece), 'latin1');
  if (piece instanceof Uint8Array) return piece;
  throw unwritable(
    piece === null ? 'null' : Array.isArray(piece) ? 'a list in a list' : typeof piece,
    encoding,
  );
}

function unwritable(what: string, encoding: Encoding): Error {
  return socketError('ERR_SOCKET_DATA', `cannot write ${what}`, { details: { encoding } });
}

/**
 * The big-endian number in 1 to 4 bytes (`socket.header`), for lengths before a packet.
 * @throws ERR_SOCKET_DATA for other lengths, and for text with characters that are no bytes.
 */
export function header(bytes: Uint8Array | string): number {
  const raw = typeof bytes === 'string' ? encodeText(bytes) : bytes;
  if (!(raw instanceof Uint8Array) || raw.length < 1 || raw.length > 4) {
    throw socketError('ERR_SOCKET_DATA', 'a header has 1 to 4 bytes');
  }
  return raw.reduce((number, byte) => number * 256 + byte, 0);
}

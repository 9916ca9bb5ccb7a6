import type { SkynetError } from '@skynet/core';
import { CLOSE, type FrameReader, READ, type Violation } from '@skynet/core/ws/frames';
import { httpError } from '../errors.ts';

/** Told what is in frames. What it gets is its own. */
export interface FrameSink {
  onText(text: string, size: number): void;
  onBinary(data: Buffer): void;
  onPing(payload: Buffer): void;
  onPong(payload: Buffer): void;
  /** Code and reason are absent where the frame has none. */
  onClose(code: number | undefined, reason: string): void;
}

/**
 * Reads bytes, which stay the caller's.
 * @throws ERR_WEBSOCKET_PROTOCOL, ERR_WEBSOCKET_LIMIT; `details.closeCode` is what the peer is to be told.
 */
export function readFrames(reader: FrameReader, chunk: Uint8Array, sink: FrameSink): void {
  reader.feed(chunk);
  for (;;) {
    const event = reader.next();
    if (event === READ.NOTHING) return;
    if (event === READ.VIOLATION) throw errorOf(reader.violation as Violation);
    const payload = payloadOf(reader);
    if (event === READ.BINARY) sink.onBinary(payload);
    else if (event === READ.TEXT) sink.onText(payload.toString('utf8'), payload.length);
    else if (event === READ.PING) sink.onPing(payload);
    else if (event === READ.PONG) sink.onPong(payload);
    else sink.onClose(reader.code === CLOSE.NO_CODE ? undefined : reader.code, payload.toString('utf8'));
  }
}

function payloadOf({ bytes, start, end }: FrameReader): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start);
}

function errorOf({ closeCode, forbidden, text }: Violation): SkynetError {
  if (!forbidden) return httpError('ERR_WEBSOCKET_LIMIT', text, { details: { closeCode } });
  return httpError('ERR_WEBSOCKET_PROTOCOL', `the peer breaks RFC 6455: ${text}`, {
    // What is forbidden is no matter of limits.
    details: { closeCode: closeCode === CLOSE.TOO_LARGE ? CLOSE.PROTOCOL : closeCode },
  });
}

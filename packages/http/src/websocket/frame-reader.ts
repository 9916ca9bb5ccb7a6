import { isUtf8 } from 'node:buffer';
import type { SkynetError } from '@skynet/core';
import { httpError } from '../errors.ts';
import { isCloseCode, OP, unmasked } from './frame.ts';

/** Told what a {@link FrameReader} reads. What it gets is its own. */
export interface FrameSink {
  onText(text: string, size: number): void;
  onBinary(data: Buffer): void;
  onPing(payload: Buffer): void;
  onPong(payload: Buffer): void;
  /** @param payload as it came: nothing, or a code and a reason. */
  onClose(code: number | undefined, reason: string, payload: Buffer): void;
}

/** What frames a reader takes. */
export interface FrameRules {
  /** Whether frames have to be masked, must not be, or either. */
  readonly masking: 'required' | 'forbidden' | 'any';
  /** Most bytes of a frame, and of a message in several. */
  readonly limit: number;
}

const LONGEST_HEAD = 14;
const CLOSE_PROTOCOL = 1002;
const CLOSE_TEXT = 1007;
const CLOSE_LIMIT = 1009;
const MAX_CONTROL = 125;
/** Buffers for incomplete frames grow in such steps, so that a length that is only announced costs little. */
const STEP = 65_536;

/**
 * Messages out of frames (RFC 6455, section 5). Everything that must fail a connection makes it throw; after that, or after
 * a close frame, it reads no more.
 */
export class FrameReader {
  readonly #sink: FrameSink;
  readonly #masking: FrameRules['masking'];
  readonly #limit: number;
  /** The beginning of a frame that is not complete. */
  #partial: Buffer | undefined = undefined;
  #have = 0;
  /** Pieces of a message in several frames, and what kind it is; 0 outside of one. */
  #pieces: Buffer[] = [];
  #joined = 0;
  #op = 0;
  #done = false;

  constructor(rules: FrameRules, sink: FrameSink) {
    this.#sink = sink;
    this.#masking = rules.masking;
    this.#limit = rules.limit;
  }

  /**
   * Reads bytes, which stay the caller's.
   * @throws ERR_WEBSOCKET_PROTOCOL, ERR_WEBSOCKET_LIMIT; `details.closeCode` is what the peer is to be told.
   */
  read(chunk: Uint8Array): void {
    let at = 0;
    while (at < chunk.length && !this.#done) {
      if (this.#partial === undefined) {
        const available = chunk.length - at;
        const need = this.#need(chunk, at, available);
        if (need <= available) {
          this.#frame(chunk, at, need);
          at += need;
        } else {
          this.#partial = Buffer.allocUnsafe(Math.min(Math.max(need, LONGEST_HEAD), available + STEP));
          this.#partial.set(at === 0 ? chunk : chunk.subarray(at));
          this.#have = available;
          return;
        }
      } else at = this.#continue(this.#partial, chunk, at);
    }
  }

  #continue(partial: Buffer, chunk: Uint8Array, at: number): number {
    const need = this.#need(partial, 0, this.#have);
    if (need <= this.#have) {
      this.#partial = undefined;
      this.#frame(partial, 0, need);
      return at;
    }
    const take = Math.min(need - this.#have, chunk.length - at);
    const target = this.#room(partial, this.#have + take, need);
    target.set(chunk.subarray(at, at + take), this.#have);
    this.#have += take;
    if (this.#have === need && this.#need(target, 0, need) === need) {
      this.#partial = undefined;
      this.#frame(target, 0, need);
    }
    return at + take;
  }

  #room(partial: Buffer, size: number, need: number): Buffer {
    if (size <= partial.length) return partial;
    const larger = Buffer.allocUnsafe(Math.min(need, Math.max(size, partial.length * 2)));
    partial.copy(larger, 0, 0, this.#have);
    this.#partial = larger;
    return larger;
  }

  /** How long the frame is, as far as can be said: more than what there is, if more has to come. Checks what there is. */
  #need(bytes: Uint8Array, at: number, available: number): number {
    if (available < 2) return 2;
    const first = bytes[at] as number;
    const second = bytes[at + 1] as number;
    this.#checkHead(first, second);
    let length = second & 0x7f;
    let head = second >= 0x80 ? 6 : 2;
    if (length === 126) {
      head += 2;
      if (available < head) return head;
      length = ((bytes[at + 2] as number) << 8) | (bytes[at + 3] as number);
    } else if (length === 127) {
      head += 8;
      if (available < head) return head;
      length = this.#longLength(bytes, at + 2);
    }
    if (length > this.#limit || ((first & 0x08) === 0 && this.#joined + length > this.#limit))
      throw httpError('ERR_WEBSOCKET_LIMIT', `a message is longer than ${this.#limit} bytes`, {
        details: { closeCode: CLOSE_LIMIT },
      });
    return head + length;
  }

  #longLength(bytes: Uint8Array, at: number): number {
    let length = 0;
    for (let i = 0; i < 8; i++) length = length * 256 + (bytes[at + i] as number);
    if (((bytes[at] as number) & 0x80) !== 0) throw violation('a length of 64 bits');
    return length;
  }

  #checkHead(first: number, second: number): void {
    if ((first & 0x70) !== 0) throw violation('reserved bits are set');
    const op = first & 0x0f;
    const fin = first >= 0x80;
    if (op > OP.BINARY) {
      if (op < OP.CLOSE || op > OP.PONG) throw violation('an unknown kind of frame');
      if (!fin) throw violation('a control frame in pieces');
      if ((second & 0x7f) > MAX_CONTROL) throw violation('a long control frame');
    } else if (op === OP.CONTINUATION) {
      if (this.#op === 0) throw violation('a continuation of nothing');
    } else if (this.#op !== 0) throw violation('a message inside another');
    if (this.#masking === 'any') return;
    if (second >= 0x80 !== (this.#masking === 'required'))
      throw violation(this.#masking === 'required' ? 'a frame without mask' : 'a frame with a mask');
  }

  #frame(bytes: Uint8Array, at: number, size: number): void {
    const first = bytes[at] as number;
    const second = bytes[at + 1] as number;
    const masked = second >= 0x80;
    const short = second & 0x7f;
    const head = (short < 126 ? 2 : short === 126 ? 4 : 10) + (masked ? 4 : 0);
    const start = at + head;
    const payload = masked
      ? unmasked(bytes, start, size - head)
      : Buffer.from(bytes.subarray(start, at + size));
    const op = first & 0x0f;
    if (op > OP.BINARY) this.#control(op, payload);
    else if (first >= 0x80 && op !== OP.CONTINUATION) this.#message(op, payload);
    else this.#piece(op, first >= 0x80, payload);
  }

  #piece(op: number, fin: boolean, payload: Buffer): void {
    if (op !== OP.CONTINUATION) this.#op = op;
    this.#pieces.push(payload);
    this.#joined += payload.length;
    // Empty pieces take memory, too.
    if (this.#pieces.length > 1024) this.#pieces = [Buffer.concat(this.#pieces)];
    if (!fin) return;
    const whole = Buffer.concat(this.#pieces);
    const kind = this.#op;
    this.#pieces = [];
    this.#joined = 0;
    this.#op = 0;
    this.#message(kind, whole);
  }

  #message(op: number, payload: Buffer): void {
    if (op === OP.BINARY) this.#sink.onBinary(payload);
    else this.#sink.onText(textOrFail(payload), payload.length);
  }

  #control(op: number, payload: Buffer): void {
    if (op === OP.PING) this.#sink.onPing(payload);
    else if (op === OP.PONG) this.#sink.onPong(payload);
    else {
      this.#done = true;
      if (payload.length === 0) {
        this.#sink.onClose(undefined, '', payload);
        return;
      }
      if (payload.length === 1) throw violation('a close frame with half a code');
      const code = payload.readUInt16BE(0);
      if (!isCloseCode(code)) throw violation('a close code that must not be sent');
      this.#sink.onClose(code, textOrFail(payload.subarray(2)), payload);
    }
  }
}

const REPLACEMENT = '\ufffd';

function textOrFail(bytes: Buffer): string {
  const text = bytes.toString('utf8');
  if (text.includes(REPLACEMENT) && !isUtf8(bytes))
    throw httpError('ERR_WEBSOCKET_PROTOCOL', 'text that is no UTF-8', {
      details: { closeCode: CLOSE_TEXT },
    });
  return text;
}

function violation(what: string): SkynetError {
  return httpError('ERR_WEBSOCKET_PROTOCOL', `the peer breaks RFC 6455: ${what}`, {
    details: { closeCode: CLOSE_PROTOCOL },
  });
}

import { ReadBuffer } from '@skynet/core/channel';
import { meshError } from './errors.ts';
import { HOW, KIND, LIMITED, MESSAGE_HEAD, PART_HEAD } from './record.ts';

/** Large messages under way at the same time; further ones wait. */
export const MAX_STREAMS = 8;

/** A large message that is coming. */
interface Arriving {
  readonly parts: ReadBuffer;
  readonly total: number;
}

/** The parts of large messages, put together. Memory is held only for what has come, never for what was announced. */
export class ArrivingParts {
  readonly #maxBody: number;
  readonly #arriving = new Map<number, Arriving>();
  /** Where the record read last ends, and the bytes that it held. */
  end = 0;
  size = 0;

  /** @param maxBody - bytes of the largest body. */
  constructor(maxBody: number) {
    this.#maxBody = maxBody;
  }

  /**
   * Takes the PART at a position; the whole message if that was the last of it.
   * @throws ERR_LINK_PROTOCOL.
   */
  take(bytes: Uint8Array, view: DataView, pos: number): Buffer | undefined {
    const number = view.getUint32(pos + 1, true);
    const total = view.getUint32(pos + 5, true);
    const size = view.getUint32(pos + 9, true);
    const start = pos + PART_HEAD;
    if (size === 0 || size > bytes.length - start)
      throw malformed(`a part of ${size} bytes, which it has not`);
    if (total > this.#maxBody + MESSAGE_HEAD) throw malformed(`a message of ${total} bytes`);
    let arriving = this.#arriving.get(number);
    if (arriving === undefined) {
      if (this.#arriving.size >= MAX_STREAMS) throw malformed('too many large messages at the same time');
      arriving = { parts: new ReadBuffer(), total };
      this.#arriving.set(number, arriving);
    }
    const { parts } = arriving;
    if (arriving.total !== total || parts.size + size > total)
      throw malformed('parts that do not fit together');
    parts.push(bytes.subarray(start, start + size));
    this.size = size;
    this.end = start + size;
    if (parts.size < total) return undefined;
    this.#arriving.delete(number);
    const whole = parts.take(total);
    if (whole[0] !== KIND.MESSAGE || ((whole[2] as number) & ~LIMITED) === HOW.VALUES)
      throw malformed('parts of no message');
    return whole;
  }

  clear(): void {
    this.#arriving.clear();
  }
}

function malformed(what: string): Error {
  return meshError('ERR_LINK_PROTOCOL', what);
}

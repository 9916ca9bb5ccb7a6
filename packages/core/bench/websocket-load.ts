/** The client's side of WebSocket, as far as a load needs it. */
export const upgraded = {
  request:
    'GET / HTTP/1.1\r\nhost: localhost\r\nupgrade: websocket\r\nconnection: upgrade\r\n' +
    'sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\nsec-websocket-version: 13\r\n\r\n',
} as const;

const MASK = [0x1b, 0x2c, 0x3d, 0x4e] as const;

/** A binary message of a client around a payload of always the same size. */
export class MaskedMessage {
  /** Bytes of the whole. */
  readonly size: number;
  readonly #head: Uint8Array;

  constructor(payload: number) {
    const length = payload < 126 ? [0x80 | payload] : [0xfe, payload >>> 8, payload & 0xff];
    this.#head = Uint8Array.from([0x82, ...length, ...MASK]);
    this.size = this.#head.length + payload;
  }

  /** Puts the head in front of the payload, and the mask over it. */
  put(bytes: Uint8Array, at: number): void {
    const head = this.#head;
    bytes.set(head, at);
    const end = at + this.size;
    for (let i = at + head.length, k = 0; i < end; i++, k = (k + 1) & 3)
      bytes[i] = (bytes[i] as number) ^ (MASK[k] as number);
  }
}

/** Takes away what a server sends around payloads: the answer of its handshake, and the heads of its frames. */
export class MessageStripper {
  /** The handshake is over. */
  readonly answered: Promise<void>;
  #answer: string | undefined = '';
  #onAnswer!: () => void;
  #left = 0;
  /** The head that has begun. */
  #head: number[] = [];

  constructor() {
    this.answered = new Promise((resolve) => {
      this.#onAnswer = resolve;
    });
  }

  /** Moves payloads to the beginning; how many bytes there are. */
  strip(bytes: Uint8Array, size: number): number {
    if (this.#answer !== undefined) return this.#readAnswer(bytes, size);
    let to = 0;
    for (let at = 0; at < size; ) {
      if (this.#left > 0) {
        const part = Math.min(this.#left, size - at);
        bytes.copyWithin(to, at, at + part);
        this.#left -= part;
        to += part;
        at += part;
        continue;
      }
      this.#head.push(bytes[at++] as number);
      const [, short = 0] = this.#head;
      const length = short < 126 ? 2 : short === 126 ? 4 : 10;
      if (this.#head.length < 2 || this.#head.length < length) continue;
      this.#left = length === 2 ? short : this.#head.slice(2).reduce((sum, byte) => sum * 256 + byte, 0);
      this.#head = [];
    }
    return to;
  }

  #readAnswer(bytes: Uint8Array, size: number): number {
    this.#answer += Buffer.from(bytes.subarray(0, size)).toString('latin1');
    if (!this.#answer?.endsWith('\r\n\r\n')) return 0;
    if (!this.#answer.startsWith('HTTP/1.1 101')) throw new Error(`no handshake: ${this.#answer}`);
    this.#answer = undefined;
    this.#onAnswer();
    return 0;
  }
}

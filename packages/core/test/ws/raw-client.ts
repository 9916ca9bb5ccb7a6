import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { Happenings } from '@skynet/core/testing';
import { onTestFinished } from 'vitest';

/** A frame as a client sends it. */
export interface FrameOptions {
  fin?: boolean;
  mask?: boolean;
  /** The three reserved bits. */
  reserved?: number;
  /** Another length than the real one. */
  announce?: number;
}

/** The bytes of a frame. */
export function frame(
  opcode: number,
  data: string | Uint8Array,
  { fin = true, mask = true, reserved = 0, announce }: FrameOptions = {},
): Buffer {
  const payload = Buffer.from(data);
  const size = announce ?? payload.length;
  const masked = mask ? 0x80 : 0;
  const head = Buffer.alloc(size < 126 ? 2 : size < 0x1_0000 ? 4 : 10);
  head[0] = (fin ? 0x80 : 0) | (reserved << 4) | opcode;
  if (size < 126) head[1] = masked | size;
  else if (size < 0x1_0000) {
    head[1] = masked | 126;
    head.writeUInt16BE(size, 2);
  } else {
    head[1] = masked | 127;
    head.writeBigUInt64BE(BigInt(size), 2);
  }
  if (!mask) return Buffer.concat([head, payload]);
  const key = randomBytes(4);
  return Buffer.concat([head, key, payload.map((byte, i) => byte ^ (key[i & 3] as number))]);
}

/** A frame that came. */
export interface Frame {
  opcode: number;
  data: Buffer;
}

/** A client that speaks WebSocket by hand, so that it can break every rule. */
export class RawClient {
  readonly socket: Socket;
  readonly frames = new Happenings<Frame>('frames');
  /** Status and headers of the answer to its request. */
  head = '';
  readonly closed: Promise<unknown>;
  #bytes = Buffer.alloc(0);

  constructor(socket: Socket) {
    this.socket = socket;
    this.closed = new Promise((resolve) => socket.once('close', resolve));
    socket.on('error', () => {});
    socket.on('data', (chunk) => {
      this.#bytes = Buffer.concat([this.#bytes, chunk]);
      this.#read();
    });
  }

  /** 0 if there was no answer. */
  get status(): number {
    return Number(/^HTTP\/1\.1 (\d+)/.exec(this.head)?.[1] ?? 0);
  }

  /** The code of the close frame that comes. */
  async closeCode(): Promise<number> {
    const { data } = await this.frames.find(({ opcode }) => opcode === 8, 'a close frame');
    return data.readUInt16BE(0);
  }

  #read(): void {
    if (this.head === '') {
      const end = this.#bytes.indexOf('\r\n\r\n');
      if (end < 0) return;
      this.head = this.#bytes.toString('latin1', 0, end);
      this.#bytes = this.#bytes.subarray(end + 4);
      this.socket.emit('answered');
    }
    if (this.status !== 101) return;
    while (this.#bytes.length >= 2) {
      const short = (this.#bytes[1] as number) & 127;
      const start = short === 127 ? 10 : short === 126 ? 4 : 2;
      if (this.#bytes.length < start) return;
      const end = start + this.#size(short);
      if (this.#bytes.length < end) return;
      const data = Buffer.from(this.#bytes.subarray(start, end));
      this.frames.add({ opcode: (this.#bytes[0] as number) & 15, data });
      this.#bytes = this.#bytes.subarray(end);
    }
  }

  /** Bytes of the payload that comes next. */
  #size(short: number): number {
    if (short === 126) return this.#bytes.readUInt16BE(2);
    return short === 127 ? Number(this.#bytes.readBigUInt64BE(2)) : short;
  }
}

/** Asks for an upgrade, with other headers than are usual if given; undefined leaves one out. */
export async function rawClient(
  port: number,
  headers: Readonly<Record<string, string | undefined>> = {},
  target = '/',
): Promise<RawClient> {
  const socket = connect(port, '127.0.0.1');
  onTestFinished(() => void socket.destroy());
  const client = new RawClient(socket);
  await once(socket, 'connect');
  const all: Record<string, string | undefined> = {
    Host: `127.0.0.1:${port}`,
    Upgrade: 'websocket',
    Connection: 'Upgrade',
    'Sec-WebSocket-Key': randomBytes(16).toString('base64'),
    'Sec-WebSocket-Version': '13',
    ...headers,
  };
  const lines = Object.entries(all).flatMap(([name, value]) =>
    value === undefined ? [] : `${name}: ${value}\r\n`,
  );
  socket.write(`GET ${target} HTTP/1.1\r\n${lines.join('')}\r\n`);
  await Promise.race([client.closed, new Promise((resolve) => socket.once('answered', resolve))]);
  return client;
}

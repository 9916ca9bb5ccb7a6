import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

/** A connection of a terminal program: bytes in, whatever a program cuts off them. */
export class LineConnection {
  readonly #socket: Socket;
  #bytes: Buffer = Buffer.alloc(0);
  #over = false;
  #wake: () => void = () => {};

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('data', (chunk: Buffer) => {
      this.#bytes = Buffer.concat([this.#bytes, chunk]);
      this.#wake();
    });
    const end = (): void => {
      this.#over = true;
      this.#wake();
    };
    socket.on('end', end);
    socket.on('close', end);
    socket.on('error', end);
  }

  /** Connects to a port of this machine. */
  static async open(port: number): Promise<LineConnection> {
    const socket = connect(port, '127.0.0.1');
    await once(socket, 'connect');
    return new LineConnection(socket);
  }

  /** What `cut` takes off the front of what has come, once that is enough. @throws if the server has closed. */
  async #next(
    cut: (bytes: Buffer) => { readonly taken: Buffer; readonly rest: Buffer } | undefined,
  ): Promise<Buffer> {
    for (;;) {
      const found = cut(this.#bytes);
      if (found !== undefined) {
        this.#bytes = found.rest;
        return found.taken;
      }
      if (this.#over) throw new Error('Server closed');
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  async readLine(): Promise<string> {
    const line = await this.#next((bytes) => {
      const at = bytes.indexOf('\n');
      return at < 0 ? undefined : { taken: bytes.subarray(0, at), rest: bytes.subarray(at + 1) };
    });
    return line.toString();
  }

  /** A packet with two bytes of length in front. */
  readPackage(): Promise<Buffer> {
    return this.#next((bytes) => {
      if (bytes.length < 2) return undefined;
      const end = 2 + bytes.readUInt16BE(0);
      return bytes.length < end ? undefined : { taken: bytes.subarray(2, end), rest: bytes.subarray(end) };
    });
  }

  writeLine(line: string): void {
    this.#socket.write(`${line}\n`);
  }

  write(bytes: Uint8Array): void {
    this.#socket.write(bytes);
  }

  close(): void {
    this.#socket.destroySoon();
  }
}

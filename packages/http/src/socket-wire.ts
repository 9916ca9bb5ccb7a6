import type { Skynet } from '@skynet/core';
import { kernelOf } from '@skynet/core/kernel';
import { BACKLOG_MARK, type Receiver } from '@skynet/core/transport';
import type { Data, SocketPort, Wire } from './ports.ts';
import { bytesOf } from './text.ts';

/** A started socket of this service as a connection. */
export class SocketWire implements Wire {
  readonly remoteAddress: string;
  closed = false;
  readonly #socket: SocketPort;
  readonly #id: number;
  readonly #skynet: Skynet;
  #receiver: Receiver | undefined = undefined;
  #reading = false;
  #paused = false;
  #ended = false;
  /** What a read has given that nobody has had. */
  #unread: Awaited<ReturnType<SocketPort['read']>> | undefined = undefined;
  /** Unsent bytes as far as the socket tells of them. */
  #backlog = 0;

  constructor(skynet: Skynet, socket: SocketPort, id: number) {
    this.#skynet = skynet;
    this.#socket = socket;
    this.#id = id;
    const { address, port } = socket.remoteAddress(id);
    this.remoteAddress = port === 0 ? address : `${address}:${port}`;
    socket.warning(id, (_, kilobytes) => {
      this.#backlog = kilobytes * 1024;
      if (kilobytes === 0) this.#receiver?.drained();
    });
  }

  get pendingBytes(): number {
    return this.#backlog === 0 ? 0 : Math.max(this.#backlog, BACKLOG_MARK + 1);
  }

  start(receiver: Receiver): void {
    this.#receiver = receiver;
    this.resume();
  }

  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    this.#paused = false;
    if (this.#reading || this.closed || this.#ended || this.#receiver === undefined) return;
    this.#reading = true;
    kernelOf(this.#skynet).enqueue(() => this.#read());
  }

  async #read(): Promise<void> {
    while (!this.#paused && !this.closed) {
      // What came while nobody wanted it is kept.
      this.#unread ??= await this.#socket.read(this.#id);
      if (this.#paused || this.closed) break;
      const [data, rest] = this.#unread;
      this.#unread = undefined;
      const bytes = asBytes(data ?? rest ?? '');
      this.#ended = data === undefined;
      if (bytes.length > 0) this.#receiver?.data(bytes);
      if (!this.#ended) continue;
      if (!this.closed) this.#receiver?.end();
      break;
    }
    this.#reading = false;
    // It was asked to go on while it still had something to give.
    if (!this.#paused && !this.#ended) this.resume();
  }

  write(bytes: Uint8Array): void {
    if (!this.closed) this.#socket.write(this.#id, bytes);
  }

  end(): void {
    this.close();
  }

  close(): void {
    if (this.closed) return;
    this.closed = true;
    void this.#socket.close(this.#id);
    this.#tellClosed();
  }

  destroy(): void {
    if (this.closed) return;
    this.#socket.shutdown(this.#id);
    this.close();
  }

  /** In a turn of its own, as all that a connection tells. */
  #tellClosed(): void {
    setImmediate(() => this.#receiver?.closed());
  }
}

/** What a socket has read, as bytes. */
export function asBytes(data: Data): Uint8Array {
  return typeof data === 'string' ? bytesOf(data) : data;
}

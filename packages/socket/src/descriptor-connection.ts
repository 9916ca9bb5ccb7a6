import { createReadStream, fstatSync } from 'node:fs';
import { Socket } from 'node:net';
import type { Readable, Writable } from 'node:stream';
import { isatty, ReadStream, WriteStream } from 'node:tty';
import { isMainThread } from 'node:worker_threads';
import { printable, SkynetError } from '@skynet/core';
import {
  BACKLOG_MARK,
  type Connection,
  checkBytes,
  checkFrame,
  type Receiver,
  reasonOf,
} from '@skynet/core/transport';
import { socketError } from './errors.ts';

/** A connection over an open descriptor: a terminal, a pipe, a socket, or a file, which can only be read. */
export class DescriptorConnection implements Connection {
  readonly remoteAddress: string;
  readonly localAddress: string;
  closed = false;
  readonly #in: Readable;
  readonly #out: Writable | undefined;
  /** The process' own standard input outlives us. */
  readonly #shared: boolean;
  #receiver: Receiver | undefined = undefined;
  #pending = 0;
  #backedUp = false;
  #ending = false;
  readonly #listeners: [string, (...args: never[]) => void][] = [];

  private constructor(name: string, input: Readable, output: Writable | undefined, shared: boolean) {
    this.remoteAddress = name;
    this.localAddress = name;
    this.#in = input;
    this.#out = output;
    this.#shared = shared;
    // Whoever wraps a descriptor wants to hear of trouble before the first read too.
    this.#listen('error', (cause: Error) =>
      this.#receiver?.error(new SkynetError('ERR_CONNECTION_RESET', reasonOf(cause), { cause })),
    );
  }

  /** @throws ERR_SOCKET_DESCRIPTOR. */
  static open(fd: number): DescriptorConnection {
    if (!Number.isInteger(fd) || fd < 0)
      throw socketError('ERR_SOCKET_DESCRIPTOR', `not a descriptor: ${printable(fd)}`);
    try {
      const stat = fstatSync(fd);
      const name = `fd ${fd}`;
      if (isatty(fd)) {
        return new DescriptorConnection(
          name,
          new ReadStream(fd),
          fd === 0 ? undefined : new WriteStream(fd),
          false,
        );
      }
      if (stat.isFile())
        return new DescriptorConnection(
          name,
          createReadStream('', { fd, autoClose: true }),
          undefined,
          false,
        );
      const socket = new Socket({ fd, readable: true, writable: true, allowHalfOpen: true });
      return new DescriptorConnection(name, socket, socket, false);
    } catch (cause) {
      throw socketError(
        'ERR_SOCKET_DESCRIPTOR',
        `descriptor ${fd}: ${reasonOf(cause as NodeJS.ErrnoException)}`,
        {
          cause,
          details: { fd },
        },
      );
    }
  }

  /** Standard input. Closing it stops reading; it can be wrapped again. @throws ERR_SOCKET_DESCRIPTOR in a worker thread. */
  static stdin(): DescriptorConnection {
    if (!isMainThread)
      throw socketError('ERR_SOCKET_DESCRIPTOR', 'standard input belongs to the main thread');
    return new DescriptorConnection('stdin', process.stdin, undefined, true);
  }

  get pendingBytes(): number {
    return this.#pending;
  }

  start(receiver: Receiver): void {
    const first = this.#receiver === undefined;
    this.#receiver = receiver;
    if (!first) {
      this.#in.resume();
      return;
    }
    this.#listen('end', () => this.#receiver?.end());
    this.#listen('close', () => this.#over());
    this.#listen('data', (chunk: Buffer | string) =>
      this.#receiver?.data(typeof chunk === 'string' ? Buffer.from(chunk) : chunk),
    );
    if (this.#in.readableEnded || this.#in.destroyed) queueMicrotask(() => this.#receiver?.end());
    else this.#in.resume();
  }

  #listen(event: string, listener: (...args: never[]) => void): void {
    this.#in.on(event, listener as (...args: unknown[]) => void);
    this.#listeners.push([event, listener]);
  }

  pause(): void {
    this.#in.pause();
  }

  resume(): void {
    this.#in.resume();
  }

  write(bytes: Uint8Array): void {
    checkBytes(bytes);
    if (this.closed || this.#ending || this.#out === undefined) return;
    this.#pending += bytes.length;
    if (this.#pending > BACKLOG_MARK) this.#backedUp = true;
    this.#out.write(bytes, () => {
      this.#pending -= bytes.length;
      if (this.#pending > 0 || !this.#backedUp) return;
      this.#backedUp = false;
      this.#receiver?.drained();
    });
  }

  writeFrame(payload: Uint8Array, header: 2 | 4): void {
    checkFrame(payload, header);
    const length = Buffer.alloc(header);
    length.writeUIntBE(payload.length, 0, header);
    this.write(length);
    this.write(payload);
  }

  end(): void {
    if (this.#ending) return;
    this.#ending = true;
    if (this.#out !== undefined && !this.#shared) this.#out.end();
  }

  close(timeout = 10_000): void {
    if (this.closed) return;
    this.end();
    if (this.#shared || this.#out === undefined || this.#out.writableFinished) {
      this.destroy();
      return;
    }
    this.#out.once('finish', () => this.destroy());
    setTimeout(() => this.destroy(), timeout).unref();
  }

  destroy(): void {
    if (this.closed) return;
    if (!this.#shared) {
      this.#in.destroy();
      this.#out?.destroy();
      return;
    }
    for (const [event, listener] of this.#listeners)
      this.#in.off(event, listener as (...args: unknown[]) => void);
    this.#in.pause();
    queueMicrotask(() => this.#over());
  }

  #over(): void {
    if (this.closed) return;
    this.closed = true;
    this.#receiver?.closed();
  }

  setNoDelay(): void {}

  setKeepAlive(): void {}
}

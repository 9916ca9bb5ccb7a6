import { close, fstatSync, open, openSync, write, writeSync } from 'node:fs';
import { writeAboveTyped } from './typed-line.ts';

/** What became of a write: the bytes that got through, and why the others did not. */
export type Written = (error: Error | null, bytes: number) => void;

/** Where the bytes of a log go. It is given one piece at a time, the next when the last is done. */
export interface LogOutput {
  write(bytes: Buffer, done: Written): void;
  /** Writes what it can without the event loop, which runs no more. Throws where that fails. */
  writeNow(bytes: Buffer): void;
  /** Opens the file anew before the next write; does nothing for what has no name. */
  reopen(): void;
  /** Whether a write that failed may succeed later. */
  readonly mayRecover: boolean;
}

/** A file that is added to. One that fails is opened anew for the next write: it may be there again, or be another. */
export class FileOutput implements LogOutput {
  readonly mayRecover = true;
  readonly #path: string;
  #file: number | undefined;

  constructor(path: string) {
    this.#path = path;
  }

  write(bytes: Buffer, done: Written): void {
    if (this.#file !== undefined) {
      this.#writeTo(this.#file, bytes, done);
      return;
    }
    open(this.#path, 'a', (error, file) => {
      if (error !== null) {
        done(error, 0);
        return;
      }
      this.#file = file;
      this.#writeTo(file, bytes, done);
    });
  }

  #writeTo(file: number, bytes: Buffer, done: Written): void {
    write(file, bytes, 0, bytes.length, null, (error, written) => {
      if (error !== null) this.reopen();
      done(error, error === null ? written : 0);
    });
  }

  writeNow(bytes: Buffer): void {
    this.#file ??= openSync(this.#path, 'a');
    writeSync(this.#file, bytes);
  }

  reopen(): void {
    if (this.#file !== undefined) close(this.#file, () => {});
    this.#file = undefined;
  }
}

/** A file that somebody else has opened: standard output of `skynet > node.log`. */
class DescriptorOutput implements LogOutput {
  readonly mayRecover = true;
  readonly #file: number;

  constructor(file: number) {
    this.#file = file;
  }

  write(bytes: Buffer, done: Written): void {
    write(this.#file, bytes, 0, bytes.length, null, done);
  }

  writeNow(bytes: Buffer): void {
    writeSync(this.#file, bytes);
  }

  reopen(): void {}
}

/** Streams with a listener for their failures. */
const failsQuietly = new WeakSet<NodeJS.WritableStream>();

/** A terminal or a pipe. One that is gone never comes back. */
class StreamOutput implements LogOutput {
  readonly mayRecover = false;
  readonly #stream: NodeJS.WritableStream;
  #isWriting = false;

  constructor(stream: NodeJS.WritableStream) {
    this.#stream = stream;
    if (failsQuietly.has(stream)) return;
    failsQuietly.add(stream);
    stream.on('error', () => {});
  }

  write(bytes: Buffer, done: Written): void {
    this.#isWriting = true;
    writeAboveTyped(() =>
      this.#stream.write(bytes, (error) => {
        this.#isWriting = false;
        done(error ?? null, error ? 0 : bytes.length);
      }),
    );
  }

  writeNow(bytes: Buffer): void {
    const { fd } = this.#stream as { fd?: unknown };
    // What waits in a full pipe cannot be overtaken.
    if (typeof fd === 'number' && !this.#isWriting) writeSync(fd, bytes);
  }

  reopen(): void {}
}

/** The output for a stream: files are written without it, since Node's own stream ends for ever when a disk is full. */
export function streamOutput(stream: NodeJS.WritableStream & { fd?: number }): LogOutput {
  return stream.fd !== undefined && isFile(stream.fd)
    ? new DescriptorOutput(stream.fd)
    : new StreamOutput(stream);
}

function isFile(descriptor: number): boolean {
  try {
    // In big numbers: Node 20 looks for pipes in what the last stat in small ones has left when it resolves a link in
    // the path of a module, and then takes a pipe seen here for a part of that path.
    return fstatSync(descriptor, { bigint: true }).isFile();
  } catch {
    return false;
  }
}

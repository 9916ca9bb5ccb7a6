import { closeSync, createWriteStream, openSync, type WriteStream } from 'node:fs';
import { errorToData } from '../codec/error.ts';
import { SkynetError } from '../errors.ts';
import { formatHandle, type Handle } from '../handle.ts';

/** Where log lines end up. */
export interface LogSink {
  write(source: Handle, text: string): void;
  /** Opens the file anew, after somebody moved it away. */
  reopen(): void;
  /** Resolves when everything written so far has left the process. */
  flush(): Promise<void>;
}

/** Gathers the lines of one turn of the event loop into one write. */
class Batch {
  #lines = '';
  #target: NodeJS.WritableStream;

  constructor(target: NodeJS.WritableStream) {
    this.#target = target;
  }

  add(line: string): void {
    if (this.#lines === '') setImmediate(() => this.#out());
    this.#lines += line;
  }

  retarget(target: NodeJS.WritableStream): void {
    this.#out();
    this.#target = target;
  }

  flush(): Promise<void> {
    const lines = this.#lines;
    this.#lines = '';
    return new Promise((resolve) => this.#target.write(lines, () => resolve()));
  }

  #out(): void {
    const lines = this.#lines;
    this.#lines = '';
    if (lines !== '') this.#target.write(lines);
  }
}

/** Streams with a listener for their failures. */
const failsQuietly = new WeakSet<NodeJS.WritableStream>();

/** `[:0100000a] text` on standard output. A terminal or pipe that is gone costs the lines, never the node. */
export function streamSink(stream: NodeJS.WritableStream = process.stdout): LogSink {
  if (!failsQuietly.has(stream)) {
    failsQuietly.add(stream);
    stream.on('error', () => {});
  }
  const batch = new Batch(stream);
  return {
    write: (source, text) => batch.add(`[${formatHandle(source)}] ${text}\n`),
    reopen: () => {},
    flush: () => batch.flush(),
  };
}

/**
 * Makes sure, once at the start, that a log file can be written.
 * @throws ERR_CONFIG with the system's reason.
 */
export function checkLogFile(path: string): void {
  try {
    closeSync(openSync(path, 'a'));
  } catch (error) {
    const reason = (error as Error).message;
    throw new SkynetError('ERR_CONFIG', `logger: cannot be written: ${reason}`, { cause: error });
  }
}

/** `25/11/26 08:29:05.07 [:0100000a] text`, appended to a file; local time. */
export function fileSink(path: string): LogSink {
  const open = (): WriteStream =>
    createWriteStream(path, { flags: 'a' }).on('error', (error) =>
      process.stderr.write(`log: ${error.message}\n`),
    );
  let file = open();
  const batch = new Batch(file);
  return {
    write: (source, text) => batch.add(`${timestamp(new Date())} [${formatHandle(source)}] ${text}\n`),
    reopen: () => {
      const old = file;
      file = open();
      batch.retarget(file);
      old.end();
    },
    flush: () => batch.flush(),
  };
}

function timestamp(date: Date): string {
  const two = (value: number): string => String(value).padStart(2, '0');
  const day = `${two(date.getDate())}/${two(date.getMonth() + 1)}/${two(date.getFullYear() % 100)}`;
  const time = `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
  return `${day} ${time}.${two(Math.floor(date.getMilliseconds() / 10))}`;
}

/** Log lines for a function, for tests and for programs that embed a node. */
export function functionSink(write: (source: Handle, text: string) => void): LogSink {
  let hasFailed = false;
  return {
    write(source, text) {
      try {
        write(source, text);
      } catch (error) {
        // A line about that would end there again.
        if (!hasFailed) process.stderr.write(`log: onLog has thrown: ${errorToData(error).message}\n`);
        hasFailed = true;
      }
    },
    reopen: () => {},
    flush: () => Promise.resolve(),
  };
}

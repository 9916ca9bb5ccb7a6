import { closeSync, openSync } from 'node:fs';
import { errorToData } from '../codec/error.ts';
import { SkynetError } from '../errors.ts';
import { formatHandle, type Handle } from '../handle.ts';
import { FileOutput, type LogOutput, streamOutput } from './log-output.ts';
import { type LogTroubles, LogWriter } from './log-writer.ts';
import { timestamp } from './timestamp.ts';

/** Where log lines end up. */
export interface LogSink {
  write(source: Handle, text: string): void;
  /** Opens the file anew, after somebody moved it away. */
  reopen(): void;
  /** Resolves when everything written so far has left the process, or cannot leave it. */
  flush(): Promise<void>;
  /** Writes what still waits, without the event loop: the process is about to end. */
  writeNow(): void;
}

/** What a writer says about itself, in a log whose lines begin with `stamp`. */
function troubles(stamp: () => string): LogTroubles {
  return {
    gap: (lost, reason) =>
      `${stamp()}[${formatHandle(0)}] log: ${lost} ${lost === 1 ? 'line was' : 'lines were'} lost here: ${reason}\n`,
    failed: (reason) => process.stderr.write(`log: ${reason}; it is tried again until it succeeds\n`),
  };
}

function lineSink(output: LogOutput, stamp: () => string): LogSink {
  const writer = new LogWriter(output, troubles(stamp));
  return {
    write: (source, text) => writer.add(`${stamp()}[${formatHandle(source)}] ${text}\n`),
    reopen: () => writer.reopen(),
    flush: () => writer.flush(),
    writeNow: () => writer.writeNow(),
  };
}

/** `[:0100000a] text` on standard output. A terminal or pipe that is gone costs the lines, never the node. */
export function streamSink(stream: NodeJS.WritableStream = process.stdout): LogSink {
  return lineSink(streamOutput(stream), () => '');
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
  return lineSink(new FileOutput(path), () => `${timestamp(new Date())} `);
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
    writeNow: () => {},
  };
}

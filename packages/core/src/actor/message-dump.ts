import { createWriteStream, type WriteStream } from 'node:fs';
import path from 'node:path';
import { packSeri } from '../codec/lua-seri.ts';
import type { FilteredMessage } from '../contracts/request.ts';
import { formatHandle } from '../handle.ts';
import type { Service } from './service.ts';

/** Bytes that may wait for a slow disk; messages beyond are left out. */
const MAX_BACKLOG = 16 << 20;

/**
 * Writes every message a service gets to `<folder>/<8 hex>.log` (`logon` of the debug console), in the format of the
 * original: source, type, session, time in hundredths of a second, body in hex.
 */
class MessageDump {
  readonly #service: Service;
  readonly #file: WriteStream;
  #leftOut = 0;

  constructor(service: Service, folder: string) {
    this.#service = service;
    this.#file = createWriteStream(path.resolve(folder, `${formatHandle(service.handle).slice(1)}.log`), {
      flags: 'a',
    });
    this.#file.on('error', (error) => service.log(`message log: ${error.message}`));
    this.#file.write(`open time: ${this.#time()} ${new Date().toString()}\n`);
  }

  record({ source, type, session, body }: FilteredMessage): void {
    if (this.#file.writableLength > MAX_BACKLOG) {
      this.#leftOut++;
      return;
    }
    this.#file.write(
      `${formatHandle(source)} ${type} ${session} ${this.#time()} ${bytesOf(body).toString('hex')}\n`,
    );
  }

  close(): void {
    if (this.#leftOut > 0) this.#service.log(`message log: ${this.#leftOut} messages were left out`);
    this.#file.end(`close time: ${this.#time()}\n`);
  }

  #time(): number {
    return Math.floor(this.#service.host.clock() / 10);
  }
}

/** Bytes as they are, values as lua-seri, and what that cannot say as text. */
function bytesOf(body: unknown): Buffer {
  if (body instanceof Uint8Array) return Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  try {
    if (Array.isArray(body)) return Buffer.from(packSeri(body));
  } catch {
    // Shown as text.
  }
  return Buffer.from(String(body));
}

/** What ends the dumps that are on. */
const running = new WeakMap<Service, () => void>();

/** Starts a dump, unless there is one. It ends with the service. */
export function startDump(service: Service, folder: string): void {
  if (running.has(service)) return;
  const { sieve } = service.extras;
  const dump = new MessageDump(service, folder);
  const recording = (message: FilteredMessage): FilteredMessage => {
    dump.record(message);
    return message;
  };
  const stop = (): void => {
    dump.close();
    running.delete(service);
    const left = sieve.filters?.filter((other) => other !== recording) ?? [];
    sieve.filters = left.length === 0 ? undefined : left;
    forget();
  };
  // Before all others: what it records is what came.
  sieve.filters = [recording, ...(sieve.filters ?? [])];
  const forget = service.own(stop);
  running.set(service, stop);
}

/** Ends the dump of a service, if there is one. */
export function stopDump(service: Service): void {
  running.get(service)?.();
}

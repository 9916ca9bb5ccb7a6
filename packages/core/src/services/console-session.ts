import { createHash, timingSafeEqual } from 'node:crypto';
import type { ServiceKernel } from '../contracts/kernel.ts';
import { BACKLOG_MARK, type Connection, type Receiver } from '../transport/contract.ts';

/** Longest line, and longest body of a POST, in bytes. */
const MAX_LINE = 8192;
/** Most lines of an HTTP request before its body. */
const MAX_HEADERS = 100;
/** Commands that may wait; more stay unread. */
const MAX_WAITING = 16;

/** How long commands may run on when the visitor sends no more. */
const AFTER_END = '10s';

/** Runs one command line and returns the lines to print. */
export type Execute = (line: string, signal: AbortSignal) => Promise<string[]>;

/** What waits to be done: a line, or a whole HTTP request. */
interface Item {
  readonly line: string;
  /** From an HTTP request: the connection closes afterwards. */
  readonly headers?: ReadonlyMap<string, string>;
}

/** One visitor of the debug console: takes commands one after another and prints what they return. */
export class ConsoleSession implements Receiver {
  readonly #kernel: ServiceKernel;
  readonly #connection: Connection;
  readonly #execute: Execute;
  readonly #token: string | undefined;
  readonly #onClosed: () => void;
  readonly #gone = new AbortController();
  readonly #waiting: Item[] = [];
  #bytes: Buffer = Buffer.alloc(0);
  #head: string[] | undefined;
  #trusted: boolean;
  #busy = false;
  #ended = false;
  #drained: (() => void) | undefined;
  readonly #work = (): Promise<void> => this.#workOff();

  constructor(
    kernel: ServiceKernel,
    connection: Connection,
    execute: Execute,
    token: string | undefined,
    onClosed: () => void,
  ) {
    this.#kernel = kernel;
    this.#connection = connection;
    this.#execute = execute;
    this.#token = token;
    this.#trusted = token === undefined;
    this.#onClosed = onClosed;
    this.#print(['Welcome to skynet console']);
    connection.start(this);
  }

  /** Sends what was printed and closes, within so many milliseconds. */
  close(timeout: number): void {
    this.#connection.close(timeout);
  }

  // --- what the connection delivers

  data(chunk: Uint8Array): void {
    if (this.#ended) return;
    this.#bytes = Buffer.concat([this.#bytes, chunk]);
    while (!this.#ended && this.#readOne());
    if (!this.#ended && this.#bytes.length > MAX_LINE) this.#refuse('Line too long');
    if (this.#waiting.length > MAX_WAITING) this.#connection.pause();
    if (this.#waiting.length > 0) this.#kernel.enqueue(this.#work);
  }

  end(): void {
    this.#ended = true;
    if (!this.#busy && this.#waiting.length === 0) this.#connection.close();
    // It cannot be told whether the visitor only types no more or has left.
    else if (this.#kernel.alive) this.#kernel.skynet.timeout(AFTER_END, () => this.#connection.close());
  }

  drained(): void {
    this.#drained?.();
  }

  error(): void {}

  closed(): void {
    this.#ended = true;
    this.#waiting.length = 0;
    this.#gone.abort();
    this.#drained?.();
    this.#onClosed();
  }

  // --- reading

  /** Takes one line, or the rest of an HTTP request, from what has come. */
  #readOne(): boolean {
    if (this.#head?.at(-1) === '') return this.#readBody(this.#head);
    const end = this.#bytes.indexOf(10);
    if (end < 0 || end > MAX_LINE) return false;
    const line = this.#bytes.toString('utf8', 0, end).replace(/\r$/, '');
    this.#bytes = this.#bytes.subarray(end + 1);
    if (this.#head !== undefined) this.#head.push(line);
    else if (/^(GET|POST) /.test(line)) this.#head = [line];
    else this.#waiting.push({ line });
    if ((this.#head?.length ?? 0) > MAX_HEADERS) this.#refuse('Too many headers');
    return true;
  }

  #readBody(head: readonly string[]): boolean {
    const headers = headersOf(head);
    const length = Number(headers.get('content-length') ?? 0);
    if (!(length <= MAX_LINE)) this.#refuse('Body too long');
    if (this.#ended || this.#bytes.length < length) return false;
    const [method, target = ''] = (head[0] as string).split(' ');
    const line = method === 'POST' ? this.#bytes.toString('utf8', 0, length) : pathWords(target);
    this.#waiting.push({ line, headers });
    this.#ended = true;
    return false;
  }

  #refuse(reason: string): void {
    this.#print([reason, '<CMD Error>']);
    this.#ended = true;
    this.#waiting.length = 0;
    this.#connection.close();
  }

  // --- working

  async #workOff(): Promise<void> {
    if (this.#busy) return;
    this.#busy = true;
    for (let item = this.#waiting.shift(); item !== undefined; item = this.#waiting.shift()) {
      if (item.headers !== undefined && isFromBrowser(item.headers)) this.#refuse('Not for web pages');
      else if (this.#mayEnter(item)) await this.#run(item.line);
      if (this.#waiting.length < MAX_WAITING) this.#connection.resume();
    }
    this.#busy = false;
    if (this.#ended) this.#connection.close();
  }

  async #run(line: string): Promise<void> {
    this.#print(await this.#execute(line, this.#gone.signal));
    if (this.#connection.pendingBytes <= BACKLOG_MARK || this.#connection.closed) return;
    // A visitor who does not read gets no more commands done.
    const { promise, resolve } = this.#kernel.suspend<void>();
    this.#drained = resolve;
    await promise;
    this.#drained = undefined;
  }

  /** Whether the visitor has shown the token; the line that does so is used up. */
  #mayEnter({ line, headers }: Item): boolean {
    if (this.#trusted) return true;
    const shown =
      headers === undefined
        ? /^token\s+(\S+)\s*$/.exec(line)?.[1]
        : /^Bearer (\S+)$/i.exec(headers.get('authorization') ?? '')?.[1];
    if (shown === undefined || !isSame(shown, this.#token as string)) {
      this.#refuse('token <text> is needed first');
      return false;
    }
    this.#trusted = true;
    if (headers === undefined) this.#print(['<CMD OK>']);
    return headers !== undefined;
  }

  #print(lines: readonly string[]): void {
    this.#connection.write(Buffer.from(lines.map((line) => `${line}\n`).join('')));
  }
}

function headersOf(head: readonly string[]): Map<string, string> {
  return new Map(
    head.slice(1).map((line) => {
      const colon = line.indexOf(':');
      return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
    }),
  );
}

/** `/info/9/a%20b` as the words of a command. */
function pathWords(target: string): string {
  const path = target.replaceAll('/', ' ').trim();
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}

/**
 * Whether a page in somebody's browser makes the request, by itself or under a name it pointed at this machine: a
 * console that listens for its own machine must not serve whatever page is open there.
 */
function isFromBrowser(headers: ReadonlyMap<string, string>): boolean {
  if (headers.has('origin') || headers.has('sec-fetch-site')) return true;
  const host = headers.get('host')?.replace(/:\d+$/, '') ?? '';
  return host !== '' && host !== 'localhost' && !/^(\d+(\.\d+){3}|\[[\da-f:.]+\])$/i.test(host);
}

function isSame(a: string, b: string): boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(a), digest(b));
}

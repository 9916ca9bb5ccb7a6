import type { ServiceKernel } from '../contracts/kernel.ts';
import type { TimerHandle } from '../contracts/task.ts';
import { type AddressTable, networkOf } from '../transport/address-table.ts';
import { BACKLOG_MARK, type Connection, type Receiver } from '../transport/contract.ts';
import { type ConsoleRequest, isRequestLine, RequestReader } from './request.ts';
import type { Visitor } from './visitors.ts';

/** Longest line, in bytes. */
const MAX_LINE = 8192;
/** Commands that may wait; more stay unread. */
const MAX_WAITING = 16;

/** How long commands may run on when the visitor sends no more. */
const AFTER_END = '10s';
/** How long a visitor may take to show the token, or to give a first command where none is asked for. */
const ENTRY_WITH_TOKEN = '1m';
const ENTRY = '10m';
/** How long whoever showed a wrong token waits for the answer. */
const AFTER_WRONG_TOKEN = '1s';
/** How long a visitor who is sent away may take to read why, in milliseconds. */
const GRACE = 1000;

/** What is said for a line that is no command. */
export const NO_COMMAND: readonly string[] = [
  'Invalid command, type help for command list',
  '',
  '<CMD Error>',
];

/** What the sessions of one console have in common. */
export interface ConsoleRules {
  /** What visitors have to show first, if anything. */
  readonly token: string | undefined;
  /** Wrong tokens of each network. */
  readonly guesses: AddressTable;
  /** Names under which the console may be asked for over HTTP, besides the loopback's. */
  readonly hosts: readonly string[];
  /** What the command of a line does; undefined for none. */
  effectOf(line: string): 'reads' | 'changes' | undefined;
  /** Runs one command line and returns the lines to print. */
  execute(line: string, signal: AbortSignal): Promise<string[]>;
}

/** What waits to be done: a line, or a whole HTTP request with the line that it asks for. */
interface Item {
  readonly line: string;
  /** The connection closes afterwards. */
  readonly request?: ConsoleRequest;
}

/** One visitor of the debug console: takes commands one after another and prints what they return. */
export class ConsoleSession implements Receiver, Visitor {
  readonly network: string;
  entered = false;
  busy = false;
  heard: number = performance.now();

  readonly #kernel: ServiceKernel;
  readonly #connection: Connection;
  readonly #rules: ConsoleRules;
  readonly #onClosed: () => void;
  readonly #gone = new AbortController();
  readonly #waiting: Item[] = [];
  readonly #deadline: TimerHandle;
  #bytes: Buffer = Buffer.alloc(0);
  /** Whether the first line has come, which says whether commands or a request follow. */
  #begun = false;
  #head: RequestReader | undefined;
  #request: ConsoleRequest | undefined;
  #ended = false;
  #drained: (() => void) | undefined;
  readonly #work = (): Promise<void> => this.#workOff();

  constructor(kernel: ServiceKernel, connection: Connection, rules: ConsoleRules, onClosed: () => void) {
    this.network = networkOf(connection.remoteAddress);
    this.#kernel = kernel;
    this.#connection = connection;
    this.#rules = rules;
    this.#onClosed = onClosed;
    this.#print(['Welcome to skynet console']);
    const limit = rules.token === undefined ? ENTRY : ENTRY_WITH_TOKEN;
    this.#deadline = kernel.skynet.timeout(limit, () => this.#refuse('Nothing came in time'));
    connection.start(this);
  }

  /** Sends what was printed and closes, within so many milliseconds. */
  close(timeout: number = GRACE): void {
    this.#ended = true;
    this.#connection.close(timeout);
  }

  dismiss(): void {
    // Who has not come in may be one of very many: nothing of it is kept.
    if (!this.entered) this.#connection.destroy();
    else {
      this.#print(['Others want in: the longest quiet has to go']);
      this.close();
    }
  }

  // --- what the connection delivers

  data(chunk: Uint8Array): void {
    if (this.#ended) return;
    this.heard = performance.now();
    this.#bytes = Buffer.concat([this.#bytes, chunk]);
    while (!this.#ended && this.#readOne());
    if (!this.#ended && this.#bytes.length > MAX_LINE) this.#refuse('Line too long');
    if (this.#waiting.length > MAX_WAITING) this.#connection.pause();
    if (this.#waiting.length > 0) this.#kernel.enqueue(this.#work);
  }

  end(): void {
    this.#ended = true;
    if (!this.busy && this.#waiting.length === 0) this.#connection.close();
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
    this.#deadline.cancel();
    this.#gone.abort();
    this.#drained?.();
    this.#onClosed();
  }

  // --- reading

  /** Takes one line, or the body of an HTTP request, from what has come. */
  #readOne(): boolean {
    if (this.#request !== undefined) return this.#readBody(this.#request);
    const end = this.#bytes.indexOf(10);
    if (!this.#begun && !isText(this.#bytes.subarray(0, end < 0 ? undefined : end))) {
      this.#refuse(...NO_COMMAND);
      return false;
    }
    if (end < 0 || end > MAX_LINE) return false;
    const line = this.#bytes.toString('utf8', 0, end).replace(/\r$/, '');
    this.#bytes = this.#bytes.subarray(end + 1);
    if (!this.#begun && line.trim() !== '') {
      this.#begun = true;
      if (isRequestLine(line)) this.#head = new RequestReader(this.#rules.hosts);
    }
    if (this.#head === undefined) this.#waiting.push({ line });
    else this.#readHead(this.#head, line);
    return true;
  }

  #readHead(head: RequestReader, line: string): void {
    const read = head.take(line);
    if (typeof read === 'string') this.#refuse(read);
    else this.#request = read;
  }

  #readBody(request: ConsoleRequest): boolean {
    const { length, pathLine } = request;
    if (this.#bytes.length < length) return false;
    const line = length > 0 ? this.#bytes.toString('utf8', 0, length) : pathLine;
    this.#waiting.push({ line, request });
    this.#ended = true;
    return false;
  }

  /** Says why nothing more is done for this visitor. */
  #refuse(...reason: readonly string[]): void {
    this.#print(reason.at(-1) === '<CMD Error>' ? reason : [...reason, '<CMD Error>']);
    this.#waiting.length = 0;
    this.close();
  }

  // --- working

  async #workOff(): Promise<void> {
    if (this.busy) return;
    this.busy = true;
    for (let item = this.#waiting.shift(); item !== undefined; item = this.#waiting.shift()) {
      if (await this.#isAllowed(item)) await this.#run(item.line);
      if (this.#waiting.length < MAX_WAITING) this.#connection.resume();
    }
    this.busy = false;
    this.heard = performance.now();
    if (this.#ended) this.#connection.close();
  }

  async #run(line: string): Promise<void> {
    this.#print(await this.#rules.execute(line, this.#gone.signal));
    if (this.#connection.pendingBytes <= BACKLOG_MARK || this.#connection.closed) return;
    // A visitor who does not read gets no more commands done.
    const { promise, resolve } = this.#kernel.suspend<void>();
    this.#drained = resolve;
    await promise;
    this.#drained = undefined;
  }

  /** Whether the line is to be run; says why not. */
  async #isAllowed({ line, request }: Item): Promise<boolean> {
    if (request !== undefined) return this.#mayAsk(request, line);
    if (this.entered) return true;
    if (line.trim() === '') return false;
    if (this.#rules.token !== undefined) {
      const [word, shown, ...more] = line.trim().split(/\s+/);
      const isGuess = word === 'token' && more.length === 0;
      if (await this.#isToken(isGuess ? shown : undefined)) this.#enter(['<CMD OK>']);
      return false;
    }
    // Whoever speaks another protocol is not listened to until something happens to be a command.
    if (this.#rules.effectOf(line) === undefined) this.#refuse(...NO_COMMAND);
    else this.#enter();
    return this.entered;
  }

  async #mayAsk({ method, bearer, own }: ConsoleRequest, line: string): Promise<boolean> {
    const { token, effectOf } = this.#rules;
    if (token !== undefined && !(await this.#isToken(bearer))) return false;
    this.#enter();
    if (effectOf(line) !== 'changes' || (method === 'POST' && (own || token !== undefined))) return true;
    const how = token === undefined ? 'POST and the header skynet-console: 1' : 'POST';
    this.#refuse(`This changes something: it needs ${how}`);
    return false;
  }

  #enter(answer: readonly string[] = []): void {
    this.entered = true;
    this.#deadline.cancel();
    this.#print(answer);
  }

  /** Whether that is the token. Whoever tries many has to wait, for each and then for all. */
  async #isToken(shown: string | undefined): Promise<boolean> {
    const { token = '', guesses } = this.#rules;
    if (shown !== undefined) {
      if (guesses.refusal(this.network) !== undefined) {
        this.#refuse('Too many wrong tokens: wait a minute');
        return false;
      }
      if (isSame(shown, token)) return true;
      guesses.failed(this.network);
      this.#kernel.skynet.error(this.#connection.remoteAddress, 'showed a wrong token');
      await this.#kernel.skynet.sleep(AFTER_WRONG_TOKEN);
    }
    this.#refuse('token <text> is needed first');
    return false;
  }

  #print(lines: readonly string[]): void {
    if (lines.length > 0) this.#connection.write(Buffer.from(lines.map((line) => `${line}\n`).join('')));
  }
}

/** Whether bytes may be what somebody types: no control characters but tabs and the end of the line. */
function isText(bytes: Uint8Array): boolean {
  return bytes.every((byte) => byte >= 32 || byte === 9 || byte === 10 || byte === 13);
}

function isSame(a: string, b: string): boolean {
  // Loaded when it is needed: it would make the start of each thread longer.
  const { createHash, timingSafeEqual } = process.getBuiltinModule('node:crypto');
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(a), digest(b));
}

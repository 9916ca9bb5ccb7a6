import { SkynetError } from '@skynet/core';
import type { ThreadKernel } from '@skynet/core/kernel';
import type { Connection, Receiver } from '@skynet/core/transport';

// A connection stays in the thread that opened it, its home. A service in another thread gets a stand-in, and the two
// ends tell each other what happens:
//
//      home: Hosted (a Receiver of the real connection)  <── notes ──>  holder: RemoteConnection (a Connection)
//
// Bytes that the holder has not passed on yet are counted at home, which stops reading above a mark; bytes on their way
// out are counted at the holder until home says that they have left. So back-pressure holds across threads.

/** Unread bytes at the holder above which home stops reading, and below which it goes on. */
const STOP_READING = 256 * 1024;
const GO_ON_READING = 64 * 1024;
/** Longest wait between two looks at whether bytes have left, in milliseconds. */
const LONGEST_LOOK = 100;

/** What the two ends tell each other. All of it travels in order with the messages between the threads. */
export type Note =
  // holder to home
  | [op: 'write', id: number, bytes: Uint8Array]
  | [op: 'passed', id: number, bytes: number]
  | [op: 'end', id: number]
  | [op: 'close', id: number, timeout: number | undefined]
  | [op: 'destroy', id: number]
  | [op: 'noDelay', id: number, on: boolean]
  | [op: 'keepAlive', id: number, milliseconds: number]
  // home to holder
  | [op: 'data', id: number, bytes: Uint8Array]
  | [op: 'ended', id: number]
  | [op: 'sent', id: number, total: number]
  | [op: 'drained', id: number]
  | [op: 'error', id: number, code: string, text: string]
  | [op: 'closed', id: number];

/** Sends a note to the other end. */
export type Tell = (note: Note) => void;

/** The home end of a connection that a service of another thread holds. */
export class Hosted implements Receiver {
  readonly id: number;
  readonly connection: Connection;
  /** Thread of the holder. */
  readonly holder: number;
  readonly #tell: Tell;
  readonly #gone: () => void;
  #unread = 0;
  #paused = false;
  #taken = 0;
  #look: NodeJS.Timeout | undefined = undefined;
  /** Chunks that came although reading was stopped to give the connection away. */
  readonly #late: Uint8Array[] = [];
  #leaving = false;
  /** The connection is somebody else's. */
  #left = false;

  constructor(id: number, connection: Connection, holder: number, tell: Tell, gone: () => void) {
    this.id = id;
    this.connection = connection;
    this.holder = holder;
    this.#tell = tell;
    this.#gone = gone;
  }

  /** Starts to pass on what comes. */
  start(): void {
    this.connection.start(this);
    this.connection.resume();
  }

  /** Stops passing on, so that the connection can be given away without losing a byte. */
  pause(): void {
    this.#leaving = true;
    this.connection.pause();
  }

  /** Gives the connection up. Returns what came since {@link pause}. */
  leave(): Uint8Array[] {
    this.#left = true;
    clearTimeout(this.#look);
    return this.#late;
  }

  data(chunk: Uint8Array): void {
    if (this.#leaving) {
      this.#late.push(Buffer.from(chunk));
      return;
    }
    this.#unread += chunk.length;
    // The chunk's memory is used for the next read.
    this.#tell(['data', this.id, Buffer.from(chunk)]);
    if (this.#unread > STOP_READING && !this.#paused) {
      this.#paused = true;
      this.connection.pause();
    }
  }

  /** The holder has passed on so many bytes. */
  passed(bytes: number): void {
    this.#unread -= bytes;
    if (!this.#paused || this.#unread > GO_ON_READING) return;
    this.#paused = false;
    this.connection.resume();
  }

  write(bytes: Uint8Array): void {
    this.#taken += bytes.length;
    this.connection.write(bytes);
    this.#lookSoon(0);
  }

  /** Tells the holder what has left; the connection itself tells only of large backlogs. */
  #lookSoon(wait: number): void {
    if (this.#look !== undefined || this.#left) return;
    this.#look = setTimeout(() => {
      this.#look = undefined;
      const pending = this.connection.pendingBytes;
      this.#tell(['sent', this.id, this.#taken - pending]);
      if (pending > 0) this.#lookSoon(Math.min(LONGEST_LOOK, wait * 2 + 1));
    }, wait);
  }

  end(): void {
    this.#tell(['ended', this.id]);
  }

  drained(): void {
    this.#tell(['sent', this.id, this.#taken]);
    this.#tell(['drained', this.id]);
  }

  error(error: SkynetError): void {
    this.#tell(['error', this.id, error.code, error.message]);
  }

  closed(): void {
    clearTimeout(this.#look);
    if (this.#left) return;
    this.#tell(['closed', this.id]);
    this.#gone();
  }
}

/** Stands in for a connection whose home is another thread. */
export class RemoteConnection implements Connection {
  readonly id: number;
  readonly home: number;
  readonly remoteAddress: string;
  readonly localAddress: string;
  closed = false;
  readonly #tell: Tell;
  #receiver: Receiver | undefined = undefined;
  #paused = true;
  #taken = 0;
  #sent = 0;
  /** What came while nobody wanted to hear it: bytes, and other things to tell. */
  readonly #held: (Uint8Array | ((receiver: Receiver) => void))[] = [];

  constructor(id: number, home: number, remoteAddress: string, localAddress: string, tell: Tell) {
    this.id = id;
    this.home = home;
    this.remoteAddress = remoteAddress;
    this.localAddress = localAddress;
    this.#tell = tell;
  }

  get pendingBytes(): number {
    return this.closed ? 0 : this.#taken - this.#sent;
  }

  start(receiver: Receiver): void {
    this.#receiver = receiver;
    this.resume();
  }

  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    if (this.#receiver === undefined) return;
    this.#paused = false;
    // Not from inside the caller's stack: a receiver hears of things from the event loop.
    if (this.#held.length > 0) setImmediate(() => this.#pass());
  }

  #pass(): void {
    while (!this.#paused && this.#receiver !== undefined) {
      const event = this.#held.shift();
      if (event === undefined) return;
      if (typeof event === 'function') event(this.#receiver);
      else {
        this.#tell(['passed', this.id, event.length]);
        this.#receiver.data(event);
      }
    }
  }

  #hear(event: Uint8Array | ((receiver: Receiver) => void)): void {
    this.#held.push(event);
    this.#pass();
  }

  /** Bytes that were not passed on, when the connection goes to another thread. */
  takeHeld(): Uint8Array[] {
    return this.#held.splice(0).filter((event) => typeof event !== 'function');
  }

  /** A note from home. */
  take(note: Note): void {
    switch (note[0]) {
      case 'data':
        this.#hear(note[2]);
        break;
      case 'ended':
        this.#hear((receiver) => receiver.end());
        break;
      case 'sent':
        this.#sent = note[2];
        break;
      case 'drained':
        this.#receiver?.drained();
        break;
      case 'error': {
        const [, , code, text] = note;
        this.#hear((receiver) => receiver.error(new SkynetError(code, text)));
        break;
      }
      case 'closed':
        this.over();
        break;
    }
  }

  /** The connection is over, or its home is gone. */
  over(): void {
    if (this.closed) return;
    this.closed = true;
    // The end is told even to one that has paused; bytes before it are still passed on first when it resumes.
    if (this.#paused && this.#held.length === 0) this.#receiver?.closed();
    else this.#hear((receiver) => receiver.closed());
  }

  write(bytes: Uint8Array): void {
    if (this.closed || bytes.length === 0) return;
    this.#taken += bytes.length;
    this.#tell(['write', this.id, bytes]);
  }

  writeFrame(payload: Uint8Array, header: 2 | 4): void {
    const frame = Buffer.allocUnsafe(header + payload.length);
    frame.writeUIntBE(payload.length, 0, header);
    frame.set(payload, header);
    this.write(frame);
  }

  end(): void {
    if (!this.closed) this.#tell(['end', this.id]);
  }

  close(timeout?: number): void {
    if (!this.closed) this.#tell(['close', this.id, timeout]);
  }

  destroy(): void {
    if (!this.closed) this.#tell(['destroy', this.id]);
  }

  setNoDelay(on: boolean): void {
    this.#tell(['noDelay', this.id, on]);
  }

  setKeepAlive(milliseconds: number): void {
    this.#tell(['keepAlive', this.id, milliseconds]);
  }
}

/** Carries out what a holder wants done with the connection. */
export function obey(hosted: Hosted, note: Note): void {
  const { connection } = hosted;
  switch (note[0]) {
    case 'write':
      hosted.write(note[2]);
      break;
    case 'passed':
      hosted.passed(note[2]);
      break;
    case 'end':
      connection.end();
      break;
    case 'close':
      connection.close(note[2]);
      break;
    case 'destroy':
      connection.destroy();
      break;
    case 'noDelay':
      connection.setNoDelay(note[2]);
      break;
    case 'keepAlive':
      connection.setKeepAlive(note[2]);
      break;
  }
}

/** What a thread tells another about sockets besides notes about single connections. */
export type Order =
  | [op: 'fetch', id: number, ask: number]
  | [op: 'fetched', id: number, ask: number, found: Fetched | null]
  | [op: 'release', id: number, ask: number]
  | [op: 'released', ask: number, unread: Uint8Array | null];

/** A connection as it changes hands. */
export interface Fetched {
  readonly remoteAddress: string;
  readonly localAddress: string;
  readonly unread: Uint8Array;
}

/** Takes a socket out of a table, with what was not read; undefined if there is none that can change hands. */
export type Release = (id: number) => { connection: Connection; unread: Uint8Array } | undefined;

const NOTES = '@skynet/socket notes';
const ORDERS = '@skynet/socket orders';

/** Sockets that change threads: the home of some, the holder of others. */
export class SocketExchange {
  readonly #thread: ThreadKernel;
  readonly #release: Release;
  readonly #hosted = new Map<number, Hosted>();
  readonly #held = new Map<number, RemoteConnection>();
  readonly #asked = new Map<number, { thread: number; done: (answer: never) => void }>();
  #lastAsk = 0;

  constructor(thread: ThreadKernel, release: Release) {
    this.#thread = thread;
    this.#release = release;
    thread.onPost(NOTES, (values) => this.#note(values as Note));
    thread.onPost(ORDERS, (values, from) => this.#order(values as Order, from));
    thread.onThreadLost((lost) => this.#threadLost(lost));
  }

  /** Whether an id may belong to another thread, or is held there. */
  isElsewhere(id: number): boolean {
    if (!Number.isInteger(id) || id < 1 || this.#thread.threads === 1) return false;
    return this.#thread.threadOf(id) !== this.#thread.thread || this.#hosted.has(id);
  }

  /** Brings a socket to this thread; undefined if there is none. */
  async fetch(id: number): Promise<{ connection: Connection; unread: Uint8Array } | undefined> {
    const home = this.#thread.threadOf(id);
    if (home === this.#thread.thread) return this.#takeBack(id);
    const found = (await this.#ask(home, (ask) => ['fetch', id, ask])) as Fetched | null;
    if (found === null) return undefined;
    const connection = this.#held.get(id) as RemoteConnection;
    return { connection, unread: found.unread };
  }

  /** Writes to, or closes with null, a connection of this thread that another holds. False if it is none. */
  deliver(id: number, bytes: Uint8Array | null): boolean {
    const hosted = this.#hosted.get(id);
    if (bytes === null) hosted?.connection.close();
    else hosted?.write(bytes);
    return hosted !== undefined;
  }

  #ask(thread: number, order: (ask: number) => Order): Promise<unknown> {
    const ask = ++this.#lastAsk;
    return new Promise((done) => {
      this.#asked.set(ask, { thread, done });
      this.#thread.post(thread, ORDERS, order(ask));
    });
  }

  #answered(ask: number, answer: unknown): void {
    const asked = this.#asked.get(ask);
    this.#asked.delete(ask);
    asked?.done(answer as never);
  }

  /** Takes a hosted connection away from its holder. */
  async #takeBack(id: number): Promise<{ connection: Connection; unread: Uint8Array } | undefined> {
    const hosted = this.#hosted.get(id);
    if (hosted === undefined) return undefined;
    hosted.pause();
    const unread = (await this.#ask(hosted.holder, (ask) => ['release', id, ask])) as Uint8Array | null;
    if (unread === null || !this.#hosted.delete(id)) return undefined;
    return { connection: hosted.connection, unread: Buffer.concat([unread, ...hosted.leave()]) };
  }

  async #lend(id: number, to: number): Promise<Fetched | null> {
    const taken = this.#release(id) ?? (await this.#takeBack(id));
    if (taken === undefined) return null;
    const { connection, unread } = taken;
    const hosted = new Hosted(
      id,
      connection,
      to,
      (note) => this.#thread.post(to, NOTES, note),
      () => void this.#hosted.delete(id),
    );
    this.#hosted.set(id, hosted);
    return { remoteAddress: connection.remoteAddress, localAddress: connection.localAddress, unread };
  }

  #order(order: Order, from: number): void {
    switch (order[0]) {
      case 'fetch': {
        const [, id, ask] = order;
        void this.#lend(id, from).then((found) => {
          this.#thread.post(from, ORDERS, ['fetched', id, ask, found]);
          // Only now, so that its first bytes come behind the answer.
          this.#hosted.get(id)?.start();
        });
        break;
      }
      case 'fetched': {
        const [, id, ask, found] = order;
        // Before the first note about it arrives.
        if (found !== null) this.#hold(id, found, from);
        this.#answered(ask, found);
        break;
      }
      case 'release': {
        const [, id, ask] = order;
        const held = this.#held.get(id)?.takeHeld() ?? [];
        this.#held.delete(id);
        const unread = this.#release(id)?.unread;
        const all = unread === undefined ? null : Buffer.concat([unread, ...held]);
        this.#thread.post(from, ORDERS, ['released', ask, all]);
        break;
      }
      case 'released':
        this.#answered(order[1], order[2]);
        break;
    }
  }

  #hold(id: number, found: Fetched, home: number): void {
    this.#held.set(
      id,
      new RemoteConnection(id, home, found.remoteAddress, found.localAddress, (note) =>
        this.#thread.post(home, NOTES, note),
      ),
    );
  }

  #note(note: Note): void {
    const id = note[1];
    const hosted = this.#hosted.get(id);
    if (hosted !== undefined) {
      obey(hosted, note);
      return;
    }
    const held = this.#held.get(id);
    held?.take(note);
    if (note[0] === 'closed') this.#held.delete(id);
  }

  #threadLost(lost: number): void {
    for (const hosted of [...this.#hosted.values()]) if (hosted.holder === lost) hosted.connection.destroy();
    for (const [id, held] of [...this.#held]) {
      if (held.home !== lost) continue;
      this.#held.delete(id);
      held.over();
    }
    for (const [ask, { thread }] of [...this.#asked]) if (thread === lost) this.#answered(ask, null);
  }
}

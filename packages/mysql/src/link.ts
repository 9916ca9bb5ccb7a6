import { printable, type SkynetError } from '@skynet/core';
import mysql2, { type Query } from 'mysql2';
import { type Answer, type Column, type Outcome, type Row, wideColumns, widen } from './answer.ts';
import { isFatal, mysqlFailure, type Refusal, refusalOf } from './errors.ts';
import { addressOf, type ServerSettings } from './options.ts';
import { type Parameter, wrongValue } from './template.ts';
import { BareCommand, type Header, openWire, type Wire } from './wire.ts';

/** Told once how something ended: with an error, or with what came of it. */
export type Done<Result> = (failure: SkynetError | undefined, result?: Result) => void;

/** What a prepared statement is made of. */
export interface Prepared {
  readonly id: number;
  readonly parameters: readonly unknown[];
  readonly columns: readonly unknown[];
}

/** What the server says in place of an answer, or the answer. */
export type Reply<Result> =
  | { readonly refusal: Refusal }
  | { readonly refusal: undefined; readonly result: Result };

/** Status of the session: a backslash in text is only itself. */
const NO_BACKSLASH_ESCAPES = 512;
/** Milliseconds that a connection has to say good-bye. */
const FAREWELL = 1000;
const NOTHING_WIDE: readonly (string | number)[] = [];

interface Waiter {
  fail(error: SkynetError): void;
}

/** One connection to the server. It knows no tasks: what it is asked for ends in a call of a function, in no turn. */
export class Link {
  /** Called once when the connection is gone, unless it was closed here. */
  onLost: (why: SkynetError) => void = () => {};
  /** Whether a backslash in text escapes what follows. */
  hasBackslashes = true;
  /** Bytes of statements that are not answered yet. */
  backlog = 0;
  readonly #wire: Wire;
  readonly #settings: ServerSettings;
  readonly #waiting = new Set<Waiter>();
  #maxPacketSize: number;
  #isOpen = true;
  #closed: Promise<void> | undefined;

  /** Use {@link openLink}. */
  constructor(wire: Wire, settings: ServerSettings) {
    this.#wire = wire;
    this.#settings = settings;
    this.#maxPacketSize = settings.maxPacketSize;
    wire.on('error', (error: Error) => this.#lost(error));
    wire.on('end', () => this.#lost());
    wire.stream.on('close', () => this.#lost());
  }

  /** Whether it can be asked. */
  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** How many answers are awaited. */
  get pending(): number {
    return this.#waiting.size;
  }

  /** The server's number for it, by which it can be killed. */
  get id(): number {
    return this.#wire.threadId;
  }

  /** Name of the server's version, as it says it. */
  get serverVersion(): string {
    const { _handshakePacket: packet } = this.#wire as unknown as {
      _handshakePacket?: { serverVersion?: unknown };
    };
    return String(packet?.serverVersion ?? '');
  }

  /** Asks the server for its limits. To be done before anything else. */
  begin(done: Done<void>): void {
    this.query('select @@max_allowed_packet, @@sql_mode', true, (failure, answer) => {
      const [limit, mode] = (answer?.outcomes[0]?.rows?.[0] ?? []) as unknown[];
      if (typeof limit === 'number') this.#maxPacketSize = Math.min(this.#maxPacketSize, limit);
      this.hasBackslashes = !String(mode ?? '').includes('NO_BACKSLASH_ESCAPES');
      done(failure);
    });
  }

  /** Does statements that have no parameters any more. */
  query(sql: string, asLists: boolean, done: Done<Answer>): void {
    const size = Buffer.byteLength(sql) + 1;
    if (size > this.#maxPacketSize) {
      done(this.#tooLarge(size));
      return;
    }
    this.#collect(done, asLists, size, () => this.#wire.query({ sql, rowsAsArray: asLists }));
  }

  /** Does one statement by preparing it, once for all that have the same text. */
  execute(sql: string, values: readonly Parameter[], asLists: boolean, done: Done<Answer>): void {
    const bound = values.map(bind);
    const size = bound.reduce<number>((sum, value) => sum + sizeOf(value), Buffer.byteLength(sql));
    if (size > this.#maxPacketSize) {
      done(this.#tooLarge(size));
      return;
    }
    this.#collect(done, asLists, size, () =>
      this.#wire.execute({ sql, rowsAsArray: asLists, values: bound } as mysql2.QueryOptions),
    );
  }

  /**
   * Hands on the rows of a statement as they come. `row` returns whether more can be taken; if not, none comes until
   * {@link resume}.
   */
  stream(sql: string, row: (row: Row) => boolean, done: Done<Reply<void>>): void {
    const size = Buffer.byteLength(sql) + 1;
    if (size > this.#maxPacketSize) {
      done(this.#tooLarge(size));
      return;
    }
    const finish = this.#await(done, size);
    const command = this.#wire.query({ sql });
    let wide = NOTHING_WIDE;
    let hasRows = false;
    let failed: Error | undefined;
    command.on('fields', (columns: Column[] | undefined) => {
      hasRows = columns !== undefined;
      wide = columns === undefined ? NOTHING_WIDE : wideColumns(columns, false);
    });
    command.on('result', (result: Row | Header) => {
      if (!hasRows) return;
      widen(result as Row, wide);
      if (!row(result as Row)) this.#wire.pause();
    });
    command.on('error', (error: Error) => {
      failed = error;
    });
    command.on('end', () => {
      const refusal = failed === undefined ? undefined : refusalOf(failed);
      if (failed !== undefined && refusal === undefined) finish(this.#failure(failed));
      else finish(undefined, refusal === undefined ? { refusal, result: undefined } : { refusal });
      if (refusal !== undefined && isFatal(refusal)) this.#lost();
    });
  }

  /** Lets the rows of {@link stream} come again. */
  resume(): void {
    if (this.#isOpen) this.#wire.resume();
  }

  /** Prepares a statement, if it is not yet. */
  prepare(sql: string, done: Done<Reply<Prepared>>): void {
    const size = Buffer.byteLength(sql) + 1;
    if (size > this.#maxPacketSize) {
      done(this.#tooLarge(size));
      return;
    }
    const finish = this.#await(done, size);
    this.#wire.prepare(sql, (error, prepared) =>
      this.#replied(finish, error ?? undefined, prepared as unknown as Prepared),
    );
  }

  /** Closes a prepared statement. */
  unprepare(sql: string): void {
    if (this.#isOpen) this.#wire.unprepare(sql);
  }

  /** Sets a prepared statement back: what was sent for it in parts is forgotten. */
  reset({ id }: Prepared, done: Done<Reply<Header>>): void {
    const payload = Buffer.alloc(5);
    payload[0] = 0x1a;
    payload.writeUInt32LE(id, 1);
    this.#bare(payload, done);
  }

  /** Asks whether the server is there. */
  ping(done: Done<Reply<Header>>): void {
    this.#bare(Buffer.from([0x0e]), done);
  }

  /** Says good-bye, after what was asked before; resolves when the connection is closed, after a second in any case. */
  end(): Promise<void> {
    if (this.#isOpen) {
      this.#isOpen = false;
      this.#wire.end();
      this.#failAll(mysqlFailure('ERR_MYSQL_CLOSED', `the connection to ${this.#address} was closed`));
    }
    return this.#whenClosed();
  }

  /** Closes the connection at once, whatever is awaited. */
  destroy(): void {
    this.#isOpen = false;
    this.#failAll(mysqlFailure('ERR_MYSQL_CLOSED', `the connection to ${this.#address} was closed`));
    this.#wire.destroy();
    this.#wire.stream.destroy();
  }

  get #address(): string {
    return addressOf(this.#settings);
  }

  #whenClosed(): Promise<void> {
    this.#closed ??= new Promise((resolve) => {
      const { stream } = this.#wire;
      if (stream.destroyed) {
        resolve();
        return;
      }
      const timer = setTimeout(() => stream.destroy(), FAREWELL);
      stream.on('close', () => {
        clearTimeout(timer);
        resolve();
      });
      // The server closes first, and the library leaves its own half open.
      stream.on('end', () => stream.destroy());
    });
    return this.#closed;
  }

  #bare(payload: Buffer, done: Done<Reply<Header>>): void {
    const finish = this.#await(done, payload.length);
    this.#wire.addCommand(
      new BareCommand(payload, (error, header) => {
        if (header !== undefined) this.#noteStatus(header);
        this.#replied(finish, error, header);
      }),
    );
  }

  #replied<Result>(finish: Done<Reply<Result>>, error: Error | undefined, result: Result | undefined): void {
    if (error === undefined) {
      finish(undefined, { refusal: undefined, result: result as Result });
      return;
    }
    const refusal = refusalOf(error);
    if (refusal === undefined) finish(this.#failure(error));
    else {
      finish(undefined, { refusal });
      if (isFatal(refusal)) this.#lost();
    }
  }

  #collect(done: Done<Answer>, asLists: boolean, size: number, start: () => Query): void {
    const finish = this.#await(done, size);
    const outcomes: Outcome[] = [];
    let rows: Row[] | undefined;
    let wide = NOTHING_WIDE;
    let failed: Error | undefined;
    const command = start();
    command.on('fields', (columns: Column[] | undefined) => {
      if (columns === undefined) rows = undefined;
      else {
        rows = [];
        wide = wideColumns(columns, asLists);
        outcomes.push({ rows, header: undefined });
      }
    });
    command.on('result', (result: Row | Header) => {
      if (rows === undefined) {
        this.#noteStatus(result as Header);
        outcomes.push({ rows, header: result as Header });
        return;
      }
      if (wide.length > 0) widen(result as Row, wide);
      rows.push(result as Row);
    });
    command.on('error', (error: Error) => {
      failed = error;
    });
    command.on('end', () => {
      const refusal = failed === undefined ? undefined : refusalOf(failed);
      if (failed !== undefined && refusal === undefined) finish(this.#failure(failed));
      else finish(undefined, { outcomes, refusal });
      if (refusal !== undefined && isFatal(refusal)) this.#lost();
    });
  }

  #noteStatus({ serverStatus }: Header): void {
    this.hasBackslashes = (serverStatus & NO_BACKSLASH_ESCAPES) === 0;
  }

  #await<Result>(done: Done<Result>, size: number): Done<Result> {
    const waiter: Waiter = { fail: (error) => done(error) };
    this.#waiting.add(waiter);
    this.backlog += size;
    const finish: Done<Result> = (failure, result) => {
      if (!this.#waiting.delete(waiter)) return;
      this.backlog -= size;
      done(failure, result);
    };
    if (!this.#isOpen) finish(this.#failure(undefined));
    return finish;
  }

  #lost(error?: Error): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    const why = this.#failure(error);
    this.#wire.destroy();
    this.#wire.stream.destroy();
    this.#failAll(why);
    this.onLost(why);
  }

  #failAll(error: SkynetError): void {
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    this.backlog = 0;
    for (const waiter of waiting) waiter.fail(error);
  }

  #failure(error: Error | undefined): SkynetError {
    const reason = error === undefined ? 'the server closed it' : printable(error.message);
    return mysqlFailure('ERR_MYSQL_LOST', `the connection to ${this.#address} was lost: ${reason}`, {
      ...(error === undefined ? {} : { cause: error }),
    });
  }

  #tooLarge(size: number): SkynetError {
    return mysqlFailure(
      'ERR_MYSQL_PACKET',
      `the statement has ${size} bytes, the server takes ${this.#maxPacketSize}`,
      { details: { size, limit: this.#maxPacketSize } },
    );
  }
}

/** Connects and logs in. Returns a function that gives it up. @throws ERR_ARGUMENT. */
export function openLink(
  settings: ServerSettings,
  multipleStatements: boolean,
  done: Done<Link>,
): () => void {
  let wire: Wire;
  try {
    wire = openWire(settings, multipleStatements);
  } catch (error) {
    done(connectFailure(settings, error as Error));
    return () => {};
  }
  let isDone = false;
  const fail = (error: Error): void => {
    if (isDone) return;
    isDone = true;
    wire.destroy();
    wire.stream.destroy();
    done(connectFailure(settings, error));
  };
  wire.on('error', fail);
  wire.stream.on('close', () => fail(new Error('the server closed the connection')));
  wire.once('connect', () => {
    if (isDone) return;
    const link = new Link(wire, settings);
    link.begin((failure) => {
      if (isDone) return;
      isDone = true;
      if (failure === undefined) done(undefined, link);
      else done(connectFailure(settings, failure));
    });
  });
  return () => fail(new Error('nobody waits for it any more'));
}

function connectFailure(settings: ServerSettings, error: Error): SkynetError {
  const { message, ...details } = refusalOf(error) ?? { message: error.message };
  return mysqlFailure(
    'ERR_MYSQL_CONNECT',
    `cannot connect to MySQL at ${addressOf(settings)}: ${printable(message || error.name)}`,
    { cause: error, details },
  );
}

/** Integers are sent as such: some places of a statement take no others. */
function bind(value: Parameter, index: number): unknown {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return value;
    case 'number':
      if (Number.isSafeInteger(value) && !Object.is(value, -0)) return mysql2.TypedParameter.LONGLONG(value);
      if (Number.isFinite(value)) return value;
      break;
    case 'bigint':
      if (BigInt.asIntN(64, value) === value) return mysql2.TypedParameter.LONGLONG(value);
      if (BigInt.asUintN(64, value) === value) return mysql2.TypedParameter.LONGLONG.unsigned(value);
      return String(value);
    case 'object':
      if (value === null) return null;
      if (value instanceof Uint8Array) return Buffer.from(value.buffer, value.byteOffset, value.byteLength);
  }
  throw wrongValue(index, value);
}

function sizeOf(value: unknown): number {
  if (typeof value === 'string') return Buffer.byteLength(value) + 9;
  return Buffer.isBuffer(value) ? value.length + 9 : 9;
}

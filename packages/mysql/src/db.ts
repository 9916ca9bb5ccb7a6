import type { AwaitOptions, Skynet, SkynetError, Task } from '@skynet/core';
import { kernelOf, type ServiceKernel } from '@skynet/core/kernel';
import {
  bookDone,
  bookRefusal,
  bookResult,
  type MysqlDone,
  type MysqlRefusal,
  type MysqlResult,
} from './book-result.ts';
import { type ConnectOptions, type ConnectSettings, readConnectOptions } from './connect-options.ts';
import type { MysqlDb, MysqlStatement } from './contract.ts';
import { mysqlError } from './errors.ts';
import { killLink } from './kill.ts';
import { type Done, type Link, openLink, type Prepared, type Reply } from './link.ts';
import { kept, type Parameter, wrongNumber } from './template.ts';
import { waitFor } from './wait.ts';

/** Bytes of statements that wait, from which on there is overload. */
const OVERLOAD = 1024 * 1024;

/**
 * Connects to a server (`mysql.connect`, book §16.1). The connection is closed when the service ends.
 * @throws ERR_MYSQL_CONNECT with the server's reason, ERR_ARGUMENT.
 */
export async function connect(skynet: Skynet, options: ConnectOptions = {}): Promise<MysqlDb> {
  const db = new BookDb(skynet, readConnectOptions(options));
  await db.connect();
  return db;
}

class BookDb implements MysqlDb {
  readonly #skynet: Skynet;
  readonly #kernel: ServiceKernel;
  readonly #settings: ConnectSettings;
  readonly #statements = new Map<MysqlStatement, string>();
  readonly #disown: () => void;
  #link: Link | undefined;
  /** Who waits for the connection that is being made. */
  #waiting: Done<Link>[] | undefined;
  /** The task that runs `onConnect`, and the connection it may use before all others. */
  #first: { readonly task: Task; readonly link: Link } | undefined;
  #giveUp: () => void = () => {};
  #isClosed = false;
  #isOverloaded = false;
  #asLists: boolean;
  #serverVersion = '';

  constructor(skynet: Skynet, settings: ConnectSettings) {
    this.#skynet = skynet;
    this.#kernel = kernelOf(skynet);
    this.#settings = settings;
    this.#asLists = settings.compactArrays;
    this.#disown = this.#kernel.own(() => this.#close());
  }

  /** Connects; once, if several ask for it. */
  async connect(): Promise<void> {
    try {
      await this.#usable();
    } catch (error) {
      if (this.#link === undefined) this.disconnect();
      throw error;
    }
  }

  async query<Row>(sql: string, limits?: AwaitOptions): Promise<MysqlResult<Row>> {
    if (typeof sql !== 'string') throw mysqlError('ERR_ARGUMENT', 'a statement must be text');
    const link = await this.#usable(limits);
    return bookResult<Row>(await this.#ask(link, (done) => link.query(sql, this.#asLists, done), limits));
  }

  async prepare(sql: string): Promise<MysqlStatement | MysqlRefusal> {
    if (typeof sql !== 'string') throw mysqlError('ERR_ARGUMENT', 'a statement must be text');
    const link = await this.#usable();
    const reply = await this.#ask<Reply<Prepared>>(link, (done) => link.prepare(sql, done));
    if (reply.refusal !== undefined) return bookRefusal(reply.refusal);
    const { id, parameters, columns } = reply.result;
    const statement = {
      sql,
      prepare_id: id,
      param_count: parameters.length,
      field_count: columns.length,
    };
    this.#statements.set(statement, sql);
    return statement;
  }

  async execute<Row>(statement: MysqlStatement, ...values: Parameter[]): Promise<MysqlResult<Row>> {
    const sql = this.#textOf(statement);
    if (values.length !== statement.param_count) throw wrongNumber(statement.param_count, values.length);
    const own = kept(values);
    const link = await this.#usable();
    return bookResult<Row>(await this.#ask(link, (done) => link.execute(sql, own, this.#asLists, done)));
  }

  async stmtReset(statement: MysqlStatement): Promise<MysqlDone | MysqlRefusal> {
    const sql = this.#textOf(statement);
    const link = await this.#usable();
    const prepared = await this.#ask<Reply<Prepared>>(link, (done) => link.prepare(sql, done));
    if (prepared.refusal !== undefined) return bookRefusal(prepared.refusal);
    const { result } = prepared;
    const reply = await this.#ask<Parameters<typeof done>[0]>(link, (finish) => link.reset(result, finish));
    return done(reply);
  }

  stmtClose(statement: MysqlStatement): void {
    const sql = this.#textOf(statement);
    this.#statements.delete(statement);
    if (![...this.#statements.values()].includes(sql)) this.#link?.unprepare(sql);
  }

  async ping(): Promise<MysqlDone | MysqlRefusal> {
    const link = await this.#usable();
    return done(await this.#ask<Parameters<typeof done>[0]>(link, (finish) => link.ping(finish)));
  }

  serverVer(): string {
    return this.#serverVersion;
  }

  setCompactArrays(on: boolean): void {
    this.#asLists = on === true;
  }

  disconnect(): void {
    this.#disown();
    void this.#close();
  }

  /** The connection, made if there is none. */
  #usable(limits?: AwaitOptions): Link | Promise<Link> {
    if (this.#isClosed) throw mysqlError('ERR_MYSQL_CLOSED', 'the connection to MySQL was closed');
    if (this.#link?.isOpen === true) return this.#link;
    if (this.#first !== undefined && this.#first.task === this.#skynet.running()) return this.#first.link;
    this.#waiting ??= this.#establish();
    const waiting = this.#waiting;
    if (waiting.length >= this.#settings.server.maxWaiting) throw this.#busy(waiting.length);
    return waitFor<Link>(this.#skynet, (done) => waiting.push(done), limits);
  }

  #busy(waiting: number): SkynetError {
    return mysqlError('ERR_MYSQL_BUSY', `${waiting} requests wait for MySQL already`, {
      details: { waiting },
    });
  }

  #ask<Result>(link: Link, start: (done: Done<Result>) => void, limits?: AwaitOptions): Promise<Result> {
    const { overload, server } = this.#settings;
    if (link.pending >= server.maxWaiting) throw this.#busy(link.pending);
    if (overload === undefined) return waitFor(this.#skynet, start, limits);
    const asked = waitFor<Result>(
      this.#skynet,
      (done) =>
        start((failure, result) => {
          if (this.#isOverloaded && (link.backlog === 0 || failure !== undefined))
            this.#tell(overload, false);
          done(failure, result);
        }),
      limits,
    );
    if (!this.#isOverloaded && link.backlog > OVERLOAD) this.#tell(overload, true);
    return asked;
  }

  #tell(overload: (isOverloaded: boolean) => unknown, isOverloaded: boolean): void {
    this.#isOverloaded = isOverloaded;
    this.#kernel.enqueue(overload, isOverloaded);
  }

  /** Begins to connect, in a task of its own. */
  #establish(): Done<Link>[] {
    this.#kernel.enqueue(async () => {
      try {
        const link = await waitFor<Link>(this.#skynet, (done) => {
          this.#giveUp = openLink(this.#settings.server, true, done);
        });
        this.#serverVersion = link.serverVersion;
        await this.#greet(link);
        if (!link.isOpen || this.#isClosed)
          throw mysqlError('ERR_MYSQL_CONNECT', 'the connection to MySQL was lost while it was set up');
        this.#link = link;
        this.#settle(undefined, link);
      } catch (error) {
        this.#settle(error as SkynetError);
      }
    });
    return [];
  }

  /** Runs `onConnect`, whose statements go first. */
  async #greet(link: Link): Promise<void> {
    const { onConnect } = this.#settings;
    if (onConnect === undefined) return;
    this.#first = { task: this.#skynet.running(), link };
    try {
      await onConnect(this);
    } catch (error) {
      link.destroy();
      throw error;
    } finally {
      this.#first = undefined;
    }
  }

  #settle(failure: SkynetError | undefined, link?: Link): void {
    const waiting = this.#waiting ?? [];
    this.#waiting = undefined;
    for (const done of waiting) done(failure, link);
  }

  #close(): Promise<void> | undefined {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#giveUp();
    const link = this.#link ?? this.#first?.link;
    this.#settle(mysqlError('ERR_MYSQL_CLOSED', 'the connection to MySQL was closed'));
    if (link?.isOpen !== true) return;
    return link.pending === 0 ? link.end() : killLink(link, this.#settings.server);
  }

  #textOf(statement: MysqlStatement): string {
    const sql = this.#statements.get(statement);
    if (sql !== undefined) return sql;
    throw mysqlError(
      'ERR_MYSQL_STATEMENT',
      'no statement that this connection has prepared, or one that was closed',
    );
  }
}

function done(reply: Reply<Parameters<typeof bookDone>[0]>): MysqlDone | MysqlRefusal {
  return reply.refusal === undefined ? bookDone(reply.result) : bookRefusal(reply.refusal);
}

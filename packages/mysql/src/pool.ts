import { type AwaitOptions, type Skynet, toMilliseconds } from '@skynet/core';
import { kernelOf } from '@skynet/core/kernel';
import { type Answer, insertIdOf } from './answer.ts';
import { mysqlError, refusalError } from './errors.ts';
import { killLink } from './kill.ts';
import { Lease } from './lease.ts';
import { type Done, type Link, openLink } from './link.ts';
import { LinkStore } from './link-store.ts';
import { type PoolOptions, type PoolSettings, readPoolOptions } from './options.ts';
import { RowQueue } from './row-queue.ts';
import { fill, kept, type Parameter } from './template.ts';
import { waitFor } from './wait.ts';

/** What a statement without rows has done. */
export interface MysqlChange {
  /** Rows that it has put in, taken out, or found to be updated. */
  readonly affectedRows: number;
  /** Rows whose values are others now: `update` leaves those out that had them already. */
  readonly changedRows: number;
  /** The number of the new row, 0 if there is none; above 2^53 a bigint. */
  readonly insertId: number | bigint;
  /** How many the server has; `show warnings` tells them. */
  readonly warnings: number;
}

/** What asks the server: a pool, or a transaction. */
export interface MysqlQueries {
  /**
   * The rows of a statement. `?` in it stand for the parameters, which are written into it as literals; a list is for
   * `in (?)`.
   * @typeParam Row - what a row looks like: 64-bit integers above 2^53 are bigint, DECIMAL text, dates text, JSON values.
   * @throws ERR_MYSQL_QUERY with `details.errno`, `sqlstate` and `name`; ERR_MYSQL_PARAMETER, ERR_MYSQL_PACKET,
   *   ERR_MYSQL_CONNECT, ERR_MYSQL_LOST, ERR_MYSQL_BUSY, ERR_MYSQL_CLOSED, ERR_TIMEOUT, ERR_ABORTED.
   */
  query<Row extends object = Record<string, unknown>>(
    sql: string,
    parameters?: readonly Parameter[],
    limits?: AwaitOptions,
  ): Promise<Row[]>;
  /** The first row of a statement; undefined if it has none. @throws as {@link query}. */
  first<Row extends object = Record<string, unknown>>(
    sql: string,
    parameters?: readonly Parameter[],
    limits?: AwaitOptions,
  ): Promise<Row | undefined>;
  /** Does a statement without rows. @throws as {@link query}. */
  run(sql: string, parameters?: readonly Parameter[], limits?: AwaitOptions): Promise<MysqlChange>;
  /**
   * As {@link query}, prepared by the server, once for each text and connection. For statements that come often.
   * @throws as {@link query}.
   */
  execute<Row extends object = Record<string, unknown>>(
    sql: string,
    parameters?: readonly Parameter[],
    limits?: AwaitOptions,
  ): Promise<Row[]>;
}

/** A transaction: what it asks happens as a whole or not at all. Over when its function returns or throws. */
export interface MysqlTransaction extends MysqlQueries {}

/** Connections to one server, for the tasks of a service. */
export interface MysqlPool extends MysqlQueries {
  /**
   * Runs `work` in a transaction on a connection of its own: committed when it returns; rolled back when it throws, when
   * its task is killed, and when the service ends.
   * @returns what `work` returned.
   * @throws what `work` threw; as {@link query}.
   */
  transaction<Result>(work: (transaction: MysqlTransaction) => Promise<Result> | Result): Promise<Result>;
  /**
   * The rows of a statement one after another, in the service's turn: the server sends as they are taken. Leaving the
   * loop early closes the connection.
   * @throws as {@link query}.
   */
  stream<Row extends object = Record<string, unknown>>(
    sql: string,
    parameters?: readonly Parameter[],
  ): AsyncIterableIterator<Row>;
  /** How many connections there are, how many are in use, how many requests wait for one. */
  readonly state: { readonly connections: number; readonly busy: number; readonly waiting: number };
  /** Closes all connections; what is under way fails with ERR_MYSQL_CLOSED. Happens by itself when the service ends. */
  close(): Promise<void>;
}

/** Rows of a stream that wait to be taken. */
const STREAM_AHEAD = 64;

/**
 * A pool of connections, made as they are needed and closed with the service.
 * @throws ERR_ARGUMENT.
 */
export function createPool(skynet: Skynet, options: PoolOptions = {}): MysqlPool {
  return new Pool(skynet, readPoolOptions(options));
}

abstract class Queries implements MysqlQueries {
  abstract ask(start: (link: Link, done: Done<Answer>) => void, limits?: AwaitOptions): Promise<Answer>;

  async query<Row>(
    sql: string,
    parameters: readonly Parameter[] = [],
    limits?: AwaitOptions,
  ): Promise<Row[]> {
    return rowsOf<Row>(await this.ask(statement(sql, parameters), limits));
  }

  async first<Row>(
    sql: string,
    parameters: readonly Parameter[] = [],
    limits?: AwaitOptions,
  ): Promise<Row | undefined> {
    return rowsOf<Row>(await this.ask(statement(sql, parameters), limits))[0];
  }

  async run(sql: string, parameters: readonly Parameter[] = [], limits?: AwaitOptions): Promise<MysqlChange> {
    const { outcomes, refusal } = await this.ask(statement(sql, parameters), limits);
    if (refusal !== undefined) throw refusalError(refusal);
    const header = outcomes.at(-1)?.header;
    return {
      affectedRows: header?.affectedRows ?? 0,
      changedRows: header?.changedRows ?? 0,
      insertId: header === undefined ? 0 : insertIdOf(header),
      warnings: header?.warningStatus ?? 0,
    };
  }

  async execute<Row>(
    sql: string,
    parameters: readonly Parameter[] = [],
    limits?: AwaitOptions,
  ): Promise<Row[]> {
    const values = kept(parameters);
    return rowsOf<Row>(await this.ask((link, done) => link.execute(sql, values, false, done), limits));
  }
}

class Pool extends Queries implements MysqlPool {
  readonly #skynet: Skynet;
  readonly #settings: PoolSettings;
  readonly #store: LinkStore;
  readonly #disown: () => void;

  constructor(skynet: Skynet, settings: PoolSettings) {
    super();
    this.#skynet = skynet;
    this.#settings = settings;
    this.#store = new LinkStore(
      settings,
      (done) => openLink(settings.server, false, done),
      (link) => killLink(link, settings.server),
    );
    this.#disown = kernelOf(skynet).own(() => this.#store.close());
  }

  get state(): MysqlPool['state'] {
    return this.#store.state;
  }

  async close(): Promise<void> {
    this.#disown();
    await this.#skynet.await(this.#store.close());
  }

  async ask(start: (link: Link, done: Done<Answer>) => void, given?: AwaitOptions): Promise<Answer> {
    const began = performance.now();
    const limits =
      given ?? (this.#settings.timeout === 0 ? undefined : { timeout: `${this.#settings.timeout}ms` });
    const lease = await this.#borrow(limits);
    try {
      return await lease.ask((done) => start(lease.link, done), rest(limits, performance.now() - began));
    } finally {
      // Also when the task is killed: what is under way ends with the connection then.
      if (lease.link.pending > 0) lease.abandon();
      else lease.end();
    }
  }

  async transaction<Result>(
    work: (transaction: MysqlTransaction) => Promise<Result> | Result,
  ): Promise<Result> {
    const lease = await this.#borrow();
    const transaction = new Transaction(lease);
    let isDone = false;
    try {
      await transaction.run('start transaction');
      const result = await work(transaction);
      await transaction.run('commit');
      isDone = true;
      return result;
    } finally {
      transaction.end();
      if (isDone || !lease.link.isOpen) lease.end();
      else if (lease.link.pending > 0) lease.abandon();
      else rollBack(lease);
    }
  }

  async *stream<Row>(sql: string, parameters: readonly Parameter[] = []): AsyncIterableIterator<Row> {
    const values = kept(parameters);
    const lease = await this.#borrow();
    const { link } = lease;
    const rows = new RowQueue(STREAM_AHEAD, () => link.resume());
    try {
      link.stream(
        fill(sql, values, link.hasBackslashes),
        (row) => rows.add(row),
        (failure, reply) => rows.finish(failure ?? (reply?.refusal && refusalError(reply.refusal))),
      );
      for (;;) {
        const { done, value } = await this.#skynet.await(rows.next());
        if (done === true) return;
        yield value as Row;
      }
    } finally {
      if (rows.isOver) lease.end();
      else lease.abandon();
    }
  }

  async #borrow(limits?: AwaitOptions): Promise<Lease> {
    let stopWaiting = (): void => {};
    let link: Link | undefined;
    let isTaken = false;
    try {
      link = await waitFor<Link>(
        this.#skynet,
        (done) => {
          stopWaiting = this.#store.borrow((failure, borrowed) => {
            link = borrowed;
            done(failure, borrowed);
          });
        },
        limits,
      );
      isTaken = true;
      return new Lease(this.#skynet, this.#store, link);
    } finally {
      if (!isTaken) {
        stopWaiting();
        if (link !== undefined) this.#store.giveBack(link);
      }
    }
  }
}

class Transaction extends Queries implements MysqlTransaction {
  readonly #lease: Lease;
  #isOver = false;

  constructor(lease: Lease) {
    super();
    this.#lease = lease;
  }

  async ask(start: (link: Link, done: Done<Answer>) => void, limits?: AwaitOptions): Promise<Answer> {
    if (this.#isOver) throw mysqlError('ERR_MYSQL_CLOSED', 'the transaction is over');
    return this.#lease.ask((done) => start(this.#lease.link, done), limits);
  }

  end(): void {
    this.#isOver = true;
  }
}

/** Undoes what a transaction did, for nobody to wait for. */
function rollBack(lease: Lease): void {
  lease.link.query('rollback', false, (failure, answer) => {
    if (failure === undefined && answer?.refusal === undefined) lease.end();
    else lease.abandon();
  });
}

function statement(sql: string, parameters: readonly Parameter[]): (link: Link, done: Done<Answer>) => void {
  const values = kept(parameters);
  return (link, done) => link.query(fill(sql, values, link.hasBackslashes), false, done);
}

function rowsOf<Row>({ outcomes, refusal }: Answer): Row[] {
  if (refusal !== undefined) throw refusalError(refusal);
  return (outcomes.find(({ rows }) => rows !== undefined)?.rows ?? []) as Row[];
}

/** What is left of the limits after some milliseconds. */
function rest(limits: AwaitOptions | undefined, passed: number): AwaitOptions | undefined {
  if (limits?.timeout === undefined || limits.timeout === 0) return limits;
  const left = Math.max(1, Math.ceil(toMilliseconds(limits.timeout) - passed));
  return { ...limits, timeout: `${left}ms` };
}

import type { AwaitOptions } from '@skynet/core';
import type { MysqlDone, MysqlRefusal, MysqlResult } from './book-result.ts';
import type { Parameter } from './template.ts';

/** A statement that the server has prepared; give it to `execute`. */
export interface MysqlStatement {
  /** Its text, as it was given. */
  readonly sql: string;
  /** What the server calls it, on this connection. */
  readonly prepare_id: number;
  /** How many parameters it has. */
  readonly param_count: number;
  /** How many columns its rows have; 0 if it gives none. */
  readonly field_count: number;
}

/**
 * One connection to a MySQL or MariaDB server (book chapter 16). Requests of several tasks are answered in their order.
 * What was lost with the connection fails; the next request connects again.
 */
export interface MysqlDb {
  /**
   * Does one or several statements (book §16.2). What the server refuses is a result, not an error.
   * @throws ERR_MYSQL_LOST, ERR_MYSQL_CONNECT, ERR_MYSQL_BUSY, ERR_MYSQL_CLOSED, ERR_MYSQL_PACKET, ERR_TIMEOUT, ERR_ABORTED.
   */
  query<Row = Record<string, unknown>>(sql: string, limits?: AwaitOptions): Promise<MysqlResult<Row>>;
  /** Prepares a statement, with `?` for its parameters (`db:prepare`). @throws as {@link query}. */
  prepare(sql: string): Promise<MysqlStatement | MysqlRefusal>;
  /**
   * Does a prepared statement. After a reconnect it is prepared again (`db:execute`).
   * @throws as {@link query}, and ERR_MYSQL_STATEMENT, ERR_MYSQL_PARAMETER.
   */
  execute<Row = Record<string, unknown>>(
    statement: MysqlStatement,
    ...values: Parameter[]
  ): Promise<MysqlResult<Row>>;
  /** Sets a prepared statement back (`db:stmt_reset`). @throws as {@link execute}. */
  stmtReset(statement: MysqlStatement): Promise<MysqlDone | MysqlRefusal>;
  /** Closes a prepared statement (`db:stmt_close`). @throws ERR_MYSQL_STATEMENT. */
  stmtClose(statement: MysqlStatement): void;
  /** Asks whether the server is there. @throws as {@link query}. */
  ping(): Promise<MysqlDone | MysqlRefusal>;
  /** The server's version as it says it; empty before the first connect (`db:server_ver`). */
  serverVer(): string;
  /** Whether records are lists in the order of the columns from now on (`db:set_compact_arrays`). */
  setCompactArrays(on: boolean): void;
  /** Closes the connection. The object cannot be used afterwards. */
  disconnect(): void;
}

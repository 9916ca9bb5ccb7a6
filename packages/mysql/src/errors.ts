import { type KernelErrorCode, SkynetError, type SkynetErrorOptions } from '@skynet/core';
import { failedWait } from '@skynet/core/kernel';

/** Codes this package adds to those of `@skynet/core`. */
export type MysqlErrorCode =
  /** No connection came about: nobody listens, no answer in time, or the server refused the login. */
  | 'ERR_MYSQL_CONNECT'
  /** The connection was lost while an answer was awaited: the statement may have been done or not. */
  | 'ERR_MYSQL_LOST'
  /** The server refused a statement; `details` has its `errno`, `sqlstate` and `name`. */
  | 'ERR_MYSQL_QUERY'
  /** Too many tasks wait for a connection already. Nothing was sent. */
  | 'ERR_MYSQL_BUSY'
  /** The connection or the pool was closed, or the transaction is over. */
  | 'ERR_MYSQL_CLOSED'
  /** A value that no parameter can be, or another number of them than the statement has. Nothing was sent. */
  | 'ERR_MYSQL_PARAMETER'
  /** The statement is longer than the server takes. Nothing was sent. */
  | 'ERR_MYSQL_PACKET'
  /** A prepared statement that was closed, or of another connection. Nothing was sent. */
  | 'ERR_MYSQL_STATEMENT';

/** An error of this package, or one of the kernel's codes. */
export function mysqlError(
  code: MysqlErrorCode | KernelErrorCode,
  message: string,
  options?: SkynetErrorOptions,
): SkynetError {
  return new SkynetError<typeof code>(code, message, options);
}

/** An error for a task that waits, made where the library says so: its stack is that of the task. */
export function mysqlFailure(
  code: MysqlErrorCode,
  message: string,
  options?: SkynetErrorOptions,
): SkynetError {
  return failedWait(code, message, options);
}

/** How the server refuses a statement. */
export interface Refusal {
  /** Its number: 1062 for a duplicate key. */
  readonly errno: number;
  /** Five letters of the SQL standard: `23000`. */
  readonly sqlstate: string;
  /** The number's name: `ER_DUP_ENTRY`. */
  readonly name: string;
  readonly message: string;
}

interface LibraryError extends Error {
  readonly code?: string;
  readonly errno?: number;
  readonly sqlState?: string;
  readonly sqlMessage?: string;
}

/** What the server said, if it was the server who refused; undefined for errors of the network or the library. */
export function refusalOf(error: LibraryError): Refusal | undefined {
  const { errno, sqlState, code = '', sqlMessage, message } = error;
  if (typeof errno !== 'number' || sqlState === undefined || errno < 1000) return undefined;
  return { errno, sqlstate: sqlState, name: code, message: sqlMessage ?? message };
}

/** A refusal as the error a caller gets. */
export function refusalError({ message, ...details }: Refusal): SkynetError {
  return mysqlError('ERR_MYSQL_QUERY', message, { details });
}

/** Whether the server ends a connection after this error: shut down, killed, a packet too large, idle for too long. */
export function isFatal({ errno }: Refusal): boolean {
  return [1043, 1053, 1153, 1156, 1158, 1160, 1161, 1184, 1927, 4031].includes(errno);
}

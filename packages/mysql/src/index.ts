// For authors of applications.
export {
  isBadResult,
  type MysqlDone,
  type MysqlOne,
  type MysqlRefusal,
  type MysqlResult,
  type MysqlSeveral,
} from './book-result.ts';
export { connect, type MysqlDb, type MysqlStatement } from './db.ts';
export type { MysqlErrorCode } from './errors.ts';
export type { ConnectOptions, PoolOptions, ServerOptions, TlsOptions } from './options.ts';
export {
  createPool,
  type MysqlChange,
  type MysqlPool,
  type MysqlQueries,
  type MysqlTransaction,
} from './pool.ts';
export { type Parameter, quoteSqlStr } from './template.ts';

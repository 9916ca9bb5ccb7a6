// For authors of applications.
export type { TlsOptions } from '@skynet/core/options';
export {
  isBadResult,
  type MysqlDone,
  type MysqlOne,
  type MysqlRefusal,
  type MysqlResult,
  type MysqlSeveral,
} from './book-result.ts';
export type { ConnectOptions } from './connect-options.ts';
export type { MysqlDb, MysqlStatement } from './contract.ts';
export { connect } from './db.ts';
export type { MysqlErrorCode } from './errors.ts';
export type { PoolOptions, ServerOptions } from './options.ts';
export {
  createPool,
  type MysqlChange,
  type MysqlPool,
  type MysqlQueries,
  type MysqlTransaction,
} from './pool.ts';
export { type Parameter, quoteSqlStr } from './template.ts';

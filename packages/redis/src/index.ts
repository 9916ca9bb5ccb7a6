// For authors of applications.
export type { TlsOptions } from '@skynet/core/options';
export { cluster } from './cluster.ts';
export type {
  PipelineCommand,
  PipelineResult,
  RedisCommands,
  RedisDb,
  RedisMethods,
} from './commands.ts';
export { connect } from './connect.ts';
export type { RedisErrorCode } from './errors.ts';
export type {
  ClusterNode,
  ClusterOptions,
  CommonOptions,
  RedisOptions,
  WatchOptions,
} from './options.ts';
export type { Argument } from './session.ts';
export { type RedisMessage, type RedisWatch, watch } from './watch.ts';

import { readOptions } from '@skynet/core/options';
import type { MysqlDb } from './contract.ts';
import { readServer, type ServerOptions, type ServerSettings } from './options.ts';

/** How one connection is made (book §16.1). */
export interface ConnectOptions extends ServerOptions {
  /** Records as lists in the order of the columns, in place of objects. Default false. */
  readonly compactArrays?: boolean;
  /** Runs after each connecting, before anything else is sent; may query. */
  readonly onConnect?: (db: MysqlDb) => unknown;
  /** Told true once more than a MiB of statements waits, false when all is sent. */
  readonly overload?: (isOverloaded: boolean) => unknown;
}

/** Options of {@link ConnectOptions}, read. */
export interface ConnectSettings {
  readonly server: ServerSettings;
  readonly compactArrays: boolean;
  readonly onConnect: ((db: MysqlDb) => unknown) | undefined;
  readonly overload: ((isOverloaded: boolean) => unknown) | undefined;
}

/** @throws ERR_ARGUMENT. */
export function readConnectOptions(options: ConnectOptions): ConnectSettings {
  return readOptions('mysql option', options, (given) => {
    given.callable('onConnect', false);
    given.callable('overload', false);
    return {
      server: readServer(given, { decimals: 'number', json: 'text' }),
      compactArrays: given.flag('compactArrays', false),
      onConnect: given.value('onConnect') as ConnectSettings['onConnect'],
      overload: given.value('overload') as ConnectSettings['overload'],
    };
  });
}

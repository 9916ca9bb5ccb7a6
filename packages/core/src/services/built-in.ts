import { reserveCommands } from '../actor/console-door.ts';
import type { ServiceLoader } from '../actor/loader.ts';
import { CONSOLE_COMMANDS } from '../console/commands.ts';
import { createConsole } from '../console/console.ts';
import { debugConsole } from '../console/debug-console.ts';
import type { Registry } from '../contracts/registry.ts';
import { multicastService } from './multicastd.ts';
import { createWatcher } from './watcher.ts';

/** Name of the service that reloads others when their files change. */
export const WATCHER = 'watcher';

/**
 * Services that every node has on its search path, under the names of the original; in `registry`, that of the whole node,
 * their commands.
 */
export function provideBuiltIns(loader: ServiceLoader, registry: Registry): void {
  loader.provide('console', createConsole(loader));
  loader.provide('debug_console', debugConsole);
  reserveCommands(registry, Object.keys(CONSOLE_COMMANDS));
  loader.provide('multicastd', multicastService, true);
  loader.provide(WATCHER, createWatcher(loader), true);
}

import type { ServiceLoader } from '../actor/loader.ts';
import { createConsole } from '../console/console.ts';
import { debugConsole } from '../console/debug-console.ts';

/** Services that every node has on its search path, under the names of the original. */
export function provideBuiltIns(loader: ServiceLoader): void {
  loader.provide('console', createConsole(loader));
  loader.provide('debug_console', debugConsole);
}

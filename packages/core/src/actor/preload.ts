import { textOf } from '../codec/error.ts';
import type { ServiceDefinition, Skynet } from '../contracts/skynet.ts';
import { SkynetError } from '../errors.ts';
import { findModule, importModule } from '../typescript.ts';

/** What runs in every service before its own start function (`preload` of the configuration). */
export type Preload = (skynet: Skynet) => unknown;

/**
 * Loads the module that `preload` names; its default export is the function. The ending may be left out.
 * @throws ERR_CONFIG.
 */
export async function loadPreload(location: string): Promise<Preload> {
  const file = findModule(location);
  if (file === undefined) throw new SkynetError('ERR_CONFIG', `preload: no module ${location}`);
  let module: { default?: unknown };
  try {
    module = (await importModule(file)) as { default?: unknown };
  } catch (error) {
    throw new SkynetError('ERR_CONFIG', `preload: ${file} cannot be loaded: ${textOf(error)}`, {
      cause: error,
    });
  }
  if (typeof module.default === 'function') return module.default as Preload;
  throw new SkynetError('ERR_CONFIG', `preload: ${file} has no function as default export`);
}

/** A service that runs `preload` first, and waits for it. */
export function preloaded(definition: ServiceDefinition, preload: Preload): ServiceDefinition {
  const { start } = definition;
  return {
    ...definition,
    start: (skynet, ...args: never[]) => {
      const ready = preload(skynet);
      return ready instanceof Promise ? ready.then(() => start(skynet, ...args)) : start(skynet, ...args);
    },
  };
}

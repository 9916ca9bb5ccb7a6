import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Modules } from '../contracts/kernel.ts';
import type { Registry } from '../contracts/registry.ts';
import { addHooks } from '../typescript.ts';
import type { ServiceLoader } from './loader.ts';

/** Services of the original that a package brings, found where the application has that installed. */
const OF_PACKAGES: Readonly<Record<string, string>> = {
  snaxd: '@skynet/snax/snaxd',
  snaxpatch: '@skynet/snax/snaxpatch',
};

/** Under which the registry has the modules of services that packages provide. */
const keyOf = (name: string): string => `core.service.${name}`;

/** The file of a service that a package provides, or is known to bring. */
export function serviceOfPackage(name: string, registry: Registry, base: string): string | undefined {
  const provided = registry.get(keyOf(name));
  if (provided !== undefined) return fileURLToPath(provided);
  const entry = Object.hasOwn(OF_PACKAGES, name) ? OF_PACKAGES[name] : undefined;
  if (entry === undefined) return undefined;
  try {
    return createRequire(path.join(base, 'skynet.config.js')).resolve(entry);
  } catch {
    return undefined;
  }
}

/** Finding and loading code, for packages. */
export function createModules(loader: ServiceLoader, registry: Registry, base: string): Modules {
  return {
    find: (patterns, name) => loader.along(patterns).find(name),
    resolve: (location) => path.resolve(base, location),
    import: (file, version) => loader.importFile(file, version),
    useHooks: addHooks,
    onClear: (listener) => loader.onClear(listener),
    provide: (name, url) => void registry.add(keyOf(name), url),
  };
}

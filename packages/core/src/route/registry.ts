import type { Registry } from '../contracts/registry.ts';

/** The registry of a node with one thread. */
export function createRegistry(): Registry {
  const values = new Map<string, string>();
  let version = 0;
  return {
    get version() {
      return version;
    },
    get: (key) => values.get(key),
    add: (key, value) => {
      if (values.has(key)) return false;
      values.set(key, value);
      version++;
      return true;
    },
    remove: (key) => {
      version++;
      return values.delete(key);
    },
    entries: () => values,
  };
}

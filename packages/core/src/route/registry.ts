/** Text by key that all threads of a node see alike; what names and the environment are kept in. */
export interface Registry {
  get(key: string): string | undefined;
  /** Adds a key. Returns false, and changes nothing, if it exists. */
  add(key: string, value: string): boolean;
  remove(key: string): boolean;
  entries(): Iterable<[string, string]>;
}

/** The registry of a node with one thread. */
export function createRegistry(): Registry {
  const values = new Map<string, string>();
  return {
    get: (key) => values.get(key),
    add: (key, value) => {
      if (values.has(key)) return false;
      values.set(key, value);
      return true;
    },
    remove: (key) => values.delete(key),
    entries: () => values,
  };
}

import { defineService } from '@skynet/core';

/** A store of texts, alive as long as the node (the original's examples/simpledb). */
export default defineService((skynet) => {
  const values = new Map<string, string>();
  skynet.register('SIMPLEDB');
  return {
    /** The value, undefined if the key has none. */
    get: (key: string): string | undefined => values.get(key),
    /** Sets a value; the one before is returned. */
    set(key: string, value: string): string | undefined {
      const before = values.get(key);
      values.set(key, value);
      return before;
    },
  };
});

import { defineService } from '@skynet/core';

/** A store of texts, alive as long as the process. */
export default defineService((skynet) => {
  const values = new Map<string, string>();
  skynet.register('.store');
  // What new code is given when this file changes while the node runs.
  skynet.handover({
    take: () => [...values],
    give: (state: [string, string][]) => {
      for (const [key, value] of state) values.set(key, value);
    },
  });
  return {
    get: (key: string): string | undefined => values.get(key),
    set(key: string, value: string): void {
      values.set(key, value);
    },
  };
});

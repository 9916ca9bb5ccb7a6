import { defineService } from '@skynet/core';

/** State of its own, changed by messages alone: nothing else runs in here between two awaits. */
export default defineService((skynet) => {
  let count = 0;
  // What new code is given when this file changes while the node runs.
  skynet.handover({
    take: () => count,
    give: (state: number) => {
      count = state;
    },
  });
  return {
    /** Adds to the count; the new one. */
    add(by: number): number {
      count += by;
      return count;
    },
    /** The same a second later; others are served meanwhile. */
    async addLater(by: number): Promise<number> {
      await skynet.sleep('1s');
      count += by;
      return count;
    },
  };
});

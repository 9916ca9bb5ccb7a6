import { defineService } from '@skynet/core';

/** Goes to another thread with a number. */
export default defineService((skynet) => {
  let count = 0;
  skynet.handover({
    take: () => count,
    give: (state: number) => {
      count = state;
    },
  });
  return { add: () => ++count };
});

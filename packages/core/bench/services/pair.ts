import { defineService, type Handle } from '@skynet/core';
import { kernelOf } from '@skynet/core/kernel';

/** Calls a partner, or is one; goes to another thread with a number. */
export default defineService((skynet) => {
  let answered = 0;
  skynet.handover({
    take: () => answered,
    give: (state: number) => {
      answered = state;
    },
  });
  return {
    echo: (value: unknown) => {
      answered++;
      return value;
    },
    where: () => kernelOf(skynet).thread.number,
    run: async (partner: Handle, count: number) => {
      for (let i = 0; i < count; i++) await skynet.call(partner, 'lua', 'echo', i);
    },
  };
});

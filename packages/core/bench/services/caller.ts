import { defineService, type Handle } from '@skynet/core';

/** Calls an echo service so many times, with so many calls under way. */
export default defineService((skynet) => ({
  run: async (target: Handle, count: number, flight: number) => {
    const several = async (): Promise<void> => {
      for (let i = 0; i < count / flight; i++) await skynet.call(target, 'lua', 'echo', i);
    };
    await Promise.all(Array.from({ length: flight }, several));
  },
}));

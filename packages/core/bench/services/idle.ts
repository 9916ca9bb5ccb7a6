import { defineService } from '@skynet/core';

/** Waits for messages, with a little state. */
export default defineService((skynet) => {
  let last: unknown;
  skynet.dispatch('lua', (_request, value: unknown) => {
    const before = last;
    last = value;
    return before;
  });
});

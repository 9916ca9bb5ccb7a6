import { defineService } from '@skynet/core';

/** Answers with what it got, counts what it is sent. */
export default defineService(() => {
  let sent = 0;
  return {
    echo: (value: unknown) => value,
    add: (value: number) => {
      sent += value;
    },
    sum: () => sent,
  };
});

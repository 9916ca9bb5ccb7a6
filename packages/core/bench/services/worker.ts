import { defineService } from '@skynet/core';

/** Works on its processor: hashes numbers, some tens of microseconds a thousand. */
export default defineService(() => ({
  work: (rounds: number) => {
    let hash = 0x811c9dc5;
    for (let i = 0; i < rounds; i++) hash = Math.imul(hash ^ (i & 0xff), 0x01000193);
    return hash;
  },
}));

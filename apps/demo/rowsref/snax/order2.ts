import { defineSnax } from '@skynet/snax';

/** The rows' `order2`: accept and response mixed. */
export default defineSnax(
  () => ({
    accept: { z: () => undefined, b: () => undefined },
    response: { b: () => 'b', a: () => 'a', c: () => 'c' },
    init: () => undefined,
    exit: () => undefined,
  }),
  { order: ['response.b', 'accept.z', 'response.a', 'accept.b', 'response.c'] },
);

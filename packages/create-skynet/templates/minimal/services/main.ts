import { defineService } from '@skynet/core';

/** The first service: starts the others. */
export default defineService(async (skynet) => {
  const counter = skynet.proxy(await skynet.newService<typeof import('./counter.ts')>('counter'));
  skynet.error('running; Ctrl-C stops it');
  skynet.interval('1s', async () => {
    skynet.error('count is', await counter.add(1)); // counter.add('x') does not compile
  });
});

import { defineService } from '@skynet/core';

/** The first service: starts the others. */
export default defineService(async (skynet) => {
  await skynet.newService('store');
  const watchdog = skynet.proxy(await skynet.newService<typeof import('./watchdog.ts')>('watchdog'));
  const listening = await watchdog.start({
    host: skynet.getenv('host') ?? '127.0.0.1',
    port: Number(skynet.getenv('port')),
    maxclient: 10_000,
    limits: { handshake: '1m', idle: '10m' },
  });
  skynet.error('gate listens on', `${listening.address}:${listening.port}`);
});

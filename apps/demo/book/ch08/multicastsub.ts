// Book 8.2: `multicastsub <channel>` receives for five seconds what is published there.
import { defineService } from '@skynet/core';
import { createMulticast } from '@skynet/core/multicast';

export default defineService(async (skynet, id = '') => {
  const channel = createMulticast(skynet).bind<[string]>(Number(id), {
    dispatch: (from, source, message) =>
      skynet.error('channel ID:', from, 'source:', skynet.address(source), 'msg:', message),
  });
  await channel.subscribe();
  skynet.timeout(500, () => channel.unsubscribe());
});

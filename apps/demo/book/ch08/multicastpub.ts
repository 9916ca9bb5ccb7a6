// Book 8.2: publishes something on a new channel every second, a hundred times.
import { defineService } from '@skynet/core';
import { type Channel, createMulticast } from '@skynet/core/multicast';

export default defineService(async (skynet) => {
  const channel: Channel<[string]> = await createMulticast(skynet).new<[string]>();
  skynet.error('new channel ID', channel.channel);
  skynet.fork(async () => {
    for (let i = 0; i < 100; i++) {
      await skynet.sleep(100);
      await channel.publish(`data${i}`);
    }
    channel.delete();
    skynet.exit();
  });
});

// Book 10.2: each answer carries the session of its request, so they may come in any order.
import { defineService } from '@skynet/core';
import { type ChannelSource, createChannel } from '@skynet/socket';
import { portOf } from '../address.ts';

export default defineService((skynet) => {
  async function dispatch(source: ChannelSource<'utf8'>) {
    const line = await source.readLine();
    return [Number(line.slice(4)), true, line] as const; // `DATA1` answers session 1.
  }

  const channel = createChannel(skynet, {
    host: '127.0.0.1',
    port: portOf(skynet, 8001),
    response: dispatch,
  });

  for (let session = 0; session < 3; session++) {
    skynet.fork(async () => {
      const resp = await channel.request(`data${session}\n`, session);
      skynet.error('recv', resp, session);
    });
  }
});

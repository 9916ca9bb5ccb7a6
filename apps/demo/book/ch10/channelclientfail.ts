// Book 10.1: a response function that says false. The request fails; the connection stays.
import { defineService } from '@skynet/core';
import { type ChannelSource, createChannel } from '@skynet/socket';
import { portOf } from '../address.ts';

export default defineService((skynet) => {
  const channel = createChannel(skynet, { host: '127.0.0.1', port: portOf(skynet, 8001) });

  async function response(source: ChannelSource<'utf8'>) {
    return [false, await source.readLine()] as const;
  }

  skynet.fork(async () => {
    await channel.request('data0\n', response);
    skynet.error('not reached');
  });
});

// Book 10.1: answers come in the order of the requests; each request brings along what reads its answer.
import { defineService } from '@skynet/core';
import { type ChannelSource, createChannel } from '@skynet/socket';
import { portOf } from '../address.ts';

export default defineService((skynet) => {
  const channel = createChannel(skynet, { host: '127.0.0.1', port: portOf(skynet, 8001) });

  // True: the answer is valid. What comes is the answer.
  async function response(source: ChannelSource<'utf8'>) {
    return [true, await source.read()] as const;
  }

  async function task(): Promise<void> {
    for (let i = 0; i < 3; i++) {
      const resp = await channel.request(`data${i}\n`, response);
      skynet.error(`recv ${resp.trimEnd()}`);
    }
    skynet.exit();
  }

  skynet.fork(task);
});

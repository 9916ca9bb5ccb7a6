// In the process `logic`: what changes often. `game <where the gate's process listens>`.
import { defineService } from '@skynet/core';
import { createCluster } from '@skynet/harbor/cluster';

export default defineService(async (skynet, gate: string) => {
  const cluster = createCluster(skynet);

  // Told to stop: the gate sends nothing more, and says when all it has asked is answered.
  skynet.onExit(() => cluster.call('gate', '@backend', 'logic'));

  await cluster.register('game');
  const { address, port } = await cluster.open(0);
  await cluster.reload({ gate });
  // When the start is over, requests may come.
  skynet.fork(() => cluster.call('gate', '@backend', 'logic', `${address}:${port}`));

  return {
    async shout(text: string): Promise<string> {
      await skynet.sleep('20ms'); // as if it were work
      return text.toUpperCase();
    },
  };
});

import { defineService } from '@skynet/core';
import { createCluster } from '@skynet/harbor/cluster';

/** First service of each node: opens it, and starts the room or the players' port. */
export default defineService(async (skynet, name = '', table = '{}', playersPort = '') => {
  const cluster = createCluster(skynet);
  await cluster.reload({ ...JSON.parse(table), __nowaiting: true });
  const [word, ...args] = playersPort === '' ? ['room'] : ['players', name, playersPort];
  await cluster.register(word, await skynet.newService(word, ...args));
  await cluster.open(name);
  skynet.error(`node ${name} is up`);
  skynet.exit();
});

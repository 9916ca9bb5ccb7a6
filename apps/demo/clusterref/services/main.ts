import { defineService } from '@skynet/core';
import { createCluster } from '@skynet/harbor/cluster';
import { createSnax } from '@skynet/snax';
import type refsnax from '../snax/refsnax.ts';

/** Starts the reference services, in another thread than that of the sockets if there is one, and opens the node. */
export default defineService(async (skynet, port = '0', thread = '1') => {
  const cluster = createCluster(skynet);
  const elsewhere = Number(thread) > 1 ? 1 : 0;
  const handle = await skynet.newService({ name: 'refecho', thread: elsewhere });
  skynet.nameService('.refecho', handle);
  await cluster.register('refecho', handle);
  const snax = await createSnax(skynet).uniqueService<typeof refsnax>('refsnax');
  await cluster.register('refsnax', snax.handle);
  await cluster.open(Number(port));
});

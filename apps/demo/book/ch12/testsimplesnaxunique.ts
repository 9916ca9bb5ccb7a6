// Book 12.4: services that exist once, in the node and in the network.
import { defineService } from '@skynet/core';
import { createSnax } from '@skynet/snax';

export default defineService(async (skynet) => {
  const snax = createSnax(skynet);
  let obj = await snax.uniqueService('simplesnax', 123, 'abc');
  obj = await snax.queryService('simplesnax');
  await snax.kill(obj, 123, 'abc');
  let gobj = await snax.globalService('simplesnax', 123, 'abc');
  gobj = await snax.queryGlobal('simplesnax');
  await snax.kill(gobj, 123, 'abc');
  skynet.exit();
});

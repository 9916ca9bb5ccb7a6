// Book 15.1.4: starts the simplest message server and opens it.
import { defineService } from '@skynet/core';
import { hostOf, portOf } from '../address.ts';

export default defineService(async (skynet) => {
  const gate = await skynet.newService('simplemsgserver');
  await skynet.call(gate, 'lua', 'open', {
    address: hostOf(skynet),
    port: portOf(skynet, 8002),
    maxclient: 64,
    servername: 'sample',
  });
});

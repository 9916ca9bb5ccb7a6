// Book 13.1.2 and 13.3: `openmygateserver [gate] [maxclient]` starts a gate and opens it on port 8002.
import { defineService } from '@skynet/core';
import { hostOf, portOf } from '../address.ts';

export default defineService(async (skynet, gate = 'mygateserver', maxclient = '64') => {
  const port = portOf(skynet, 8002);
  skynet.error('Server start');
  const gateserver = await skynet.newService(gate);
  await skynet.call(gateserver, 'lua', 'open', {
    address: hostOf(skynet),
    port,
    maxclient: Number(maxclient),
    nodelay: true,
  });
  skynet.error('gate server setup on', port);
  skynet.exit();
});

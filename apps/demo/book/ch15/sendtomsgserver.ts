// Book 15.1.5: what others can tell a message server.
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
  const uid = 'nzhsoft';
  const secret = '11111111';
  const subid = await skynet.call<number>(gate, 'lua', 'login', uid, secret);
  skynet.error('lua login subid', subid);
  await skynet.call(gate, 'lua', 'logout', uid, subid);
  await skynet.call(gate, 'lua', 'kick', uid, subid);
  await skynet.call(gate, 'lua', 'close');
});

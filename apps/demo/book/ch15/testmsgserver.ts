// Book 15.2.3: starts a login server and a message server: `testmsgserver [login server] [message server]`.
import { defineService } from '@skynet/core';
import { hostOf, portOf } from '../address.ts';

export default defineService(async (skynet, login = 'gatemylogin', msgserver = 'mymsgserver') => {
  const loginserver = await skynet.newService(login);
  const gate = await skynet.newService(msgserver, loginserver);
  await skynet.call(gate, 'lua', 'open', {
    address: hostOf(skynet),
    port: portOf(skynet, 8002),
    maxclient: 64,
    servername: 'sample',
  });
});

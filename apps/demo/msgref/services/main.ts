// `main <login port> <msgserver port>`: starts both, then ends.
import { defineService } from '@skynet/core';

export default defineService(async (skynet, loginPort = '', gatePort = '') => {
  const login = await skynet.newService('login', loginPort);
  const gate = await skynet.newService('msggate', login);
  await skynet.call(gate, 'lua', 'open', {
    port: Number(gatePort),
    maxclient: 65_536,
    nodelay: true,
    servername: 'sample',
  });
  skynet.exit();
});

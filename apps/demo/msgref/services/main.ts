// `main <host> <login port> <msgserver port>`: starts both, then ends.
import { defineService } from '@skynet/core';

export default defineService(async (skynet, host = '', loginPort = '', gatePort = '') => {
  const login = await skynet.newService('login', host, loginPort);
  const gate = await skynet.newService('msggate', login);
  await skynet.call(gate, 'lua', 'open', {
    host,
    port: Number(gatePort),
    maxclient: 65_536,
    maxPerAddress: 0, // all come from one address
    nodelay: true,
    servername: 'sample',
  });
  skynet.exit();
});

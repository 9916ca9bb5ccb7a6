// The first service: starts the others.
import { defineService } from '@skynet/core';

export default defineService(async (skynet) => {
  const host = skynet.getenv('host') ?? '127.0.0.1';
  const at = host.includes(':') ? `[${host}]` : host;
  const [webPort = '', wsPort = ''] = [skynet.getenv('webPort'), skynet.getenv('wsPort')];
  const publicPort = Number(skynet.getenv('publicPort') ?? 0) || wsPort;
  // Names have passwords of their own where there is a place to keep them.
  if (skynet.getenv('mysql')) await skynet.newService('accounts');
  const login = await skynet.newService('login', `ws://${at}:${wsPort}/login`);
  const gate = await skynet.newService('gate', login);
  await skynet.call(gate, 'lua', 'open', { servername: 'game', listen: [`ws://${at}:${wsPort}/game`] });
  const page = await skynet.newService('page', host, webPort, publicPort);
  const port = await skynet.call<number>(page, 'lua', 'port');
  skynet.error(`The game is on http://${host === '0.0.0.0' ? '127.0.0.1' : at}:${port}`);
});

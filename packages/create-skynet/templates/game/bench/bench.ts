// npm run bench: requests a second of players over real connections, each with some on their way.
import { startNode } from '@skynet/core';
import { connect, login } from '@skynet/msgserver/client';
import { dialer } from '@skynet/msgserver/client/node';
import { connectPlayer } from '@skynet/player/client';
import type player from '../services/player.ts';

const PLAYERS = 20;
const REQUESTS = 1000;

const node = await startNode<{ password: string }>(
  { services: ['./services/?'], password: 'secret' },
  { onLog: () => {} },
);
const [loginUrl = '', game = ''] = await node.run(async (skynet) => {
  const logins = await skynet.newService('login', 'tcp://127.0.0.1:0');
  const gate = await skynet.newService('gate', logins);
  const places = { servername: 'game', listen: ['tcp://127.0.0.1:0'] };
  const [address = ''] = await skynet.call<string[]>(gate, 'lua', 'open', places);
  const [url = ''] = await skynet.call<string[]>(logins, 'debug', 'INFO');
  return [url, address];
});

const players = await Promise.all(
  Array.from({ length: PLAYERS }, async (_, i) => {
    const client = await connectPlayer<typeof player>({
      login: () => login({ dial: dialer(loginUrl), server: 'game', user: `player ${i}`, password: 'secret' }),
      connect: (options) => connect({ ...options, dial: dialer(game) }),
    });
    await client.request.join(`room ${i % 4}`);
    return client;
  }),
);
const start = performance.now();
await Promise.all(
  players.map(async ({ request }) => {
    for (let i = 0; i < REQUESTS; i += 10)
      await Promise.all(
        Array.from({ length: 10 }, () => request.steer({ x: Math.random(), y: Math.random() })),
      );
  }),
);
const seconds = (performance.now() - start) / 1000;
const each = Math.round((PLAYERS * REQUESTS) / seconds).toLocaleString('en');
console.log(`${PLAYERS} players, ten requests each on their way: ${each} requests a second`);
for (const client of players) client.close();
await node.stop();

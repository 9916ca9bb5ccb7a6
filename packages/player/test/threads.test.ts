import { expect, test } from 'vitest';
import { enter, heard, startServer } from './harness.ts';

// The further threads of this node run the built package: `npm test` builds before it tests.
test('players and rooms in other threads are as those in one', async () => {
  const server = await startServer({ thread: 3 }, { gate: 'spread-gate' });
  const users = ['anna', 'bert', 'carl'];
  const clients = await Promise.all(users.map((user) => enter(server, user)));
  const threads = await server.node.run(async (skynet) => {
    const players = await skynet.call<{ handle: number }[]>(server.gate, 'lua', 'players');
    return new Set(await Promise.all(players.map(({ handle }) => skynet.call(handle, 'debug', 'INFO'))));
  });
  expect(threads.size).toBeGreaterThan(1);
  for (const [at, client] of clients.entries())
    expect(await client.request.join('lobby')).toMatchObject({ members: at + 1 });
  for (const [at, client] of clients.entries()) await client.request.say(`hello from ${users[at]}`);
  for (const client of clients)
    for (const user of users)
      await heard(client, 'said', ({ from, text }) => from === user && text === `hello from ${user}`);
  for (const client of clients) client.drop();
  expect(await Promise.all(clients.map((client) => client.request.add(2)))).toEqual([2, 2, 2]);
  const again = await enter(server, 'anna');
  expect(await again.request.add(1)).toBe(3);
  await again.request.say('still here');
  await heard(again, 'said', ({ text }) => text === 'still here');
});

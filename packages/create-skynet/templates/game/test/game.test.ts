import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { Happenings, startTestNode } from '@skynet/core/testing';
import { connect, login } from '@skynet/msgserver/client';
import { dialer } from '@skynet/msgserver/client/node';
import { connectPlayer } from '@skynet/player/client';
import type player from '../services/player.ts';

/** Starts the server on free ports; returns who lets players in. */
async function startGame(t: TestContext) {
  const node = await startTestNode<{ password: string }>(
    { services: ['./services/?'], password: 'secret' },
    { after: (stop) => t.after(stop) },
  );
  const [loginUrl = '', game = ''] = await node.run(async (skynet) => {
    const logins = await skynet.newService('login', 'tcp://127.0.0.1:0');
    const gate = await skynet.newService('gate', logins);
    const places = { servername: 'game', listen: ['tcp://127.0.0.1:0'] };
    const [address = ''] = await skynet.call<string[]>(gate, 'lua', 'open', places);
    const [url = ''] = await skynet.call<string[]>(logins, 'debug', 'INFO');
    return [url, address];
  });
  return async (user: string, password = 'secret') => {
    const heard = new Happenings<string>(`what ${user} hears`);
    const client = await connectPlayer<typeof player>({
      login: () => login({ dial: dialer(loginUrl), server: 'game', user, password }),
      connect: (options) => connect({ ...options, dial: dialer(game) }),
      on: { said: ({ from, text }) => heard.add(`${from}: ${text}`) },
    });
    t.after(() => client.close());
    return { client, heard };
  };
}

test('two players meet in a room and talk', async (t) => {
  const enter = await startGame(t);
  const anna = await enter('anna');
  const bert = await enter('bert');
  await anna.client.request.join('lobby');
  const { dots } = await bert.client.request.join('lobby');
  assert.deepEqual(
    dots.map(({ uid }) => uid),
    ['anna', 'bert'],
  );
  await bert.client.request.say('hello');
  await anna.heard.find((line) => line === 'bert: hello', 'a greeting');
});

test('who is in no room cannot talk, and who does not know the password cannot come in', async (t) => {
  const enter = await startGame(t);
  const { client } = await enter('anna');
  await assert.rejects(client.request.say('hello'), { code: 'NO_ROOM' });
  await assert.rejects(enter('bert', 'wrong'));
});

import { Happenings, startTestNode, type TestNode } from '@skynet/core/testing';
import { connect, login } from '@skynet/msgserver/client';
import { dialer } from '@skynet/msgserver/client/node';
import { connectPlayer, type PlayerClient } from '@skynet/player/client';
import { expect, onTestFinished, test } from 'vitest';
import type { Dot } from '../pushes.ts';
import type player from '../services/player.ts';

/** The game's server on free ports. */
async function startGame(): Promise<{ node: TestNode; login: string; game: string }> {
  const node = await startTestNode<{ password: string }>(
    { services: ['../services/?'], password: 'password' },
    { base: import.meta.dirname, after: onTestFinished },
  );
  const [loginUrl, game] = await node.run(async (skynet) => {
    const logins = await skynet.newService('login', 'tcp://127.0.0.1:0');
    const gate = await skynet.newService('gate', logins);
    const places = { servername: 'game', listen: ['tcp://127.0.0.1:0'] };
    const [address = ''] = await skynet.call<string[]>(gate, 'lua', 'open', places);
    const [url = ''] = await skynet.call<string[]>(logins, 'debug', 'INFO');
    return [url, address] as const;
  });
  return { node, login: loginUrl, game };
}

type Told = readonly [name: string, value: unknown];

/** A player of the game, and what it is told. */
async function enter(
  places: { login: string; game: string },
  user: string,
): Promise<PlayerClient<typeof player> & { readonly told: Happenings<Told> }> {
  const told = new Happenings<Told>(`events and pushes of ${user}`);
  const client = await connectPlayer<typeof player>({
    login: () => login({ dial: dialer(places.login), server: 'game', user, password: 'password' }),
    connect: (options) => connect({ ...options, dial: dialer(places.game), backoff: { first: 5 } }),
    on: {
      said: (value) => told.add(['said', value]),
      moved: (value) => told.add(['moved', value]),
      gone: (value) => told.add(['gone', value]),
      resumed: (value) => told.add(['resumed', value]),
      kicked: (value) => told.add(['kicked', value]),
    },
  });
  onTestFinished(() => client.close());
  return Object.assign(client, { told });
}

const heard = (client: { told: Happenings<Told> }, text: string): Promise<Told> =>
  client.told.find(
    ([name, value]) => name === 'said' && (value as { text: string }).text === text,
    JSON.stringify(text),
  );

test('two players meet in a room, talk and walk', async () => {
  const places = await startGame();
  const anna = await enter(places, 'anna');
  expect(await anna.request.join('lobby')).toMatchObject({ you: 'anna', dots: [{ uid: 'anna' }] });
  const bert = await enter(places, 'bert');
  expect((await bert.request.join('lobby')).dots.map(({ uid }) => uid)).toEqual(['anna', 'bert']);
  await heard(anna, 'bert is here');
  await bert.request.say('hello');
  await heard(anna, 'hello');
  await bert.request.steer({ x: 0.25, y: 0.75 });
  await anna.told.find(
    ([name, value]) =>
      name === 'moved' &&
      (value as Dot[]).some(({ uid, x, y }) => uid === 'bert' && x === 0.25 && y === 0.75),
    'bert to arrive',
  );
  await bert.request.leave();
  expect(await anna.told.find(([name]) => name === 'gone', 'bert to go')).toEqual(['gone', 'bert']);
});

test('a connection that is lost costs neither the seat nor what was said meanwhile', async () => {
  const places = await startGame();
  const anna = await enter(places, 'anna');
  const bert = await enter(places, 'bert');
  await anna.request.join('lobby');
  await bert.request.join('lobby');
  bert.drop();
  await anna.request.say('are you there?');
  await heard(bert, 'are you there?');
  await bert.request.say('yes');
  await heard(anna, 'yes');
});

test('wrong input is refused, with a code', async () => {
  const places = await startGame();
  const anna = await enter(places, 'anna');
  await expect(anna.request.say('hello')).rejects.toMatchObject({ code: 'NO_ROOM' });
  // @ts-expect-error: no number
  await expect(anna.request.steer({ x: 'left', y: 0 })).rejects.toMatchObject({ code: 'ERR_PLAYER_INPUT' });
  // @ts-expect-error: no such request
  await expect(anna.request.fly()).rejects.toMatchObject({ code: 'ERR_PLAYER_UNKNOWN' });
});

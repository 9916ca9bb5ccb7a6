import { expect, test } from 'vitest';
import type { Dot } from '../pushes.ts';
import { enter, heard, startGame } from './harness.ts';

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

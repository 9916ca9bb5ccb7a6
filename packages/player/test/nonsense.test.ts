import { uncoded } from '@skynet/core/testing';
import {
  anything,
  bytes,
  definePlayer,
  defineRoom,
  either,
  flag,
  list,
  loginPoint,
  number,
  oneOf,
  optional,
  push,
  readToken,
  request,
  shape,
  startPlayers,
  table,
  text,
  whole,
} from '@skynet/player';
import { connectPlayer } from '@skynet/player/client';
import { expect, test } from 'vitest';
import { enter, startServer } from './harness.ts';

test('nonsense gets an error with a code, and the server goes on', async () => {
  const server = await startServer();
  const anna = await enter(server, 'anna');
  const { call } = server;
  const all = [anything(), bytes(), flag(), list(text()), number(), oneOf(1), table(flag()), text(), whole()];
  const asks = anna.request as unknown as Record<string, (...args: unknown[]) => Promise<unknown>>;
  const given = { login: () => Promise.reject(new Error()), connect: () => Promise.reject(new Error()) };
  const found = await server.node.run((skynet) =>
    uncoded({
      definePlayer: (value) => definePlayer(value, () => ({})),
      'definePlayer start': (value) => definePlayer({}, value),
      'definePlayer pushes': (value) => definePlayer({ pushes: value }, () => ({})),
      'definePlayer a push': (value) => definePlayer({ pushes: { a: value } }, () => ({})),
      'definePlayer errors': (value) => definePlayer({ errors: value }, () => ({})),
      'definePlayer rate': (value) => definePlayer({ rate: value, burst: value }, () => ({})),
      defineRoom: (value) => defineRoom(value, () => ({})),
      'defineRoom start': (value) => defineRoom({}, value),
      'defineRoom options': (value) => defineRoom({ seats: value, tick: value, keepSeat: value }, () => ({})),
      request: (value) => request(value),
      'request schema': (value) => request(value, () => {}),
      'request handler': (value) => request(text(), value),
      startPlayers: (value) => startPlayers(skynet, value),
      'startPlayers context': (value) =>
        startPlayers(value, { messages: () => ({}) as never, player: 'player' }),
      'startPlayers player': (value) =>
        startPlayers(skynet, { messages: () => ({}) as never, player: value }),
      readToken: (value) => readToken(value),
      loginPoint: (value) => loginPoint(skynet).commandHandler(value, value, value),
      'loginPoint login': (value) => loginPoint(skynet).loginHandler(value, value, value),
      list: (value) => list(value),
      optional: (value) => optional(value),
      shape: (value) => shape(value),
      'shape part': (value) => shape({ a: value }),
      either: (value) => either(value, value),
      table: (value) => table(value),
      'limits of text': (value) => text(value),
      'limits of numbers': (value) => whole(value),
      push: () => push(),
      'what checkers are given': (value) => all.map((checker) => checker.check(value)),
      connectPlayer: (value) => connectPlayer(value),
      'connectPlayer login': (value) =>
        typeof value === 'function' || connectPlayer({ ...given, login: value }),
      'connectPlayer queue': (value) =>
        value === undefined || value === null || connectPlayer({ ...given, queue: value }),
      'connectPlayer on': (value) =>
        value === undefined || value === null || connectPlayer({ ...given, on: value, queue: -1 }),
      'a request': (value) => asks['mirror']?.(value, { timeout: 2000 }),
      'an input': (value) => asks['buy']?.(value, { timeout: 2000 }),
      'options of a request': (value) => asks['whoami']?.(undefined, value),
      'a name': (value) =>
        typeof value !== 'string' && typeof value !== 'number'
          ? true
          : asks[String(value)]?.(1, { timeout: 2000 }),
      on: (value) => typeof value === 'function' || anna.on(value, value),
      refused: (value) => anna.refused(value, value),
      'a message': (value) => call(value),
      'message expel': (value) => call('expel', value, value),
      'message tell': (value) => call('tell', value, value),
      'message over': (value) => call('over', value, value, value),
      'message login': (value) => call('login', value, value),
      'message kick': (value) => call('kick', value, value),
    }),
  );
  expect(found).toEqual([]);
  expect(await anna.request.whoami()).toBe('anna');
});

import { defineService } from '@skynet/core';
import { FakeClock, Happenings, startTestNode } from '@skynet/core/testing';
import { defineRoom, type Lag, type Step } from '@skynet/player';
import { describe, expect, onTestFinished, test } from 'vitest';
import { enter, heard, startServer } from './harness.ts';

const says = (from: string, text: string) => (said: { from: string; text: string }) =>
  said.from === from && said.text === text;

describe('a room', () => {
  test('tells all members the same in one order, and each what is for it', async () => {
    const server = await startServer();
    const anna = await enter(server, 'anna');
    const bert = await enter(server, 'bert');
    await anna.request.join('lobby');
    await heard(anna, 'said', says('lobby', 'welcome'));
    await bert.request.join('lobby');
    await Promise.all([...'abcdefgh'].map((letter, at) => (at % 2 === 0 ? anna : bert).request.say(letter)));
    await Promise.all([anna, bert].map((client) => heard(client, 'said', says('bert', 'h'))));
    const letters = [anna, bert].map((client) =>
      client.told.all
        .map(([, value]) => (value as { text: string } | undefined)?.text ?? '')
        .filter((text) => text.length === 1),
    );
    expect(letters[0]).toHaveLength(8);
    expect(letters[1]).toEqual(letters[0]);
    // A welcome comes behind what was broadcast before it.
    const texts = bert.told.all.map(([, value]) => (value as { text: string } | undefined)?.text);
    expect(texts.indexOf('bert is here')).toBeLessThan(texts.indexOf('welcome'));
  });

  test('has so many seats, and one for each player', async () => {
    const server = await startServer();
    const [anna, bert, carl, dora] = await Promise.all(
      ['anna', 'bert', 'carl', 'dora'].map((user) => enter(server, user)),
    );
    await anna?.request.join('lobby');
    expect(await anna?.request.join('lobby')).toEqual({ members: 1, team: 'red' });
    await bert?.request.join('lobby');
    await carl?.request.join('lobby');
    await expect(dora?.request.join('lobby')).rejects.toMatchObject({
      code: 'ERR_ROOM_FULL',
      details: { seats: 3 },
    });
    await anna?.request.leave();
    expect(await dora?.request.join('lobby')).toMatchObject({ members: 3 });
    // Who did not get in has heard nothing.
    expect(
      dora?.told.all.some(([, value]) => (value as { text?: string } | undefined)?.text === 'carl is here'),
    ).toBe(false);
  });

  test('may refuse, with a code that the player declares', async () => {
    const server = await startServer();
    const anna = await enter(server, 'anna');
    await expect(anna.request.join('forbidden')).rejects.toMatchObject({
      code: 'ROOM_SAYS_NO',
      message: 'not here',
    });
    await anna.request.join('lobby');
    await expect(anna.request.sayNo()).rejects.toMatchObject({
      code: 'ROOM_SAYS_NO',
      details: { why: 'never' },
    });
  });

  test('keeps the seat of who is away, for a time', async () => {
    const server = await startServer();
    const anna = await enter(server, 'anna');
    const bert = await enter(server, 'bert');
    await anna.request.join('lobby');
    await bert.request.join('lobby');
    bert.drop();
    await heard(anna, 'said', says('lobby', 'bert is away'));
    await heard(anna, 'said', says('lobby', 'bert is back'));
    expect(await anna.request.who()).toEqual(['anna red', 'bert red']);
    bert.close();
    await heard(anna, 'said', says('lobby', 'bert is gone: away'));
    expect(await anna.request.who()).toEqual(['anna red']);
  });

  test('keeps it over a second login too', async () => {
    const server = await startServer();
    const anna = await enter(server, 'anna');
    await anna.request.join('lobby');
    const again = await enter(server, 'anna');
    await again.request.say('me again');
    await heard(again, 'said', says('anna', 'me again'));
  });

  test('hears of a player who is gone', async () => {
    const server = await startServer();
    const anna = await enter(server, 'anna');
    const bert = await enter(server, 'bert');
    await anna.request.join('lobby');
    await bert.request.join('lobby');
    await bert.request.logout();
    await heard(anna, 'said', says('lobby', 'bert is gone: ended'));
  });

  test('that ends tells its members, and can be had anew', async () => {
    const server = await startServer();
    const anna = await enter(server, 'anna');
    await anna.request.join('lobby');
    await server.node.run(async (skynet) => {
      const list = await skynet.call<Record<string, string>>('.launcher', 'lua', 'LIST');
      const [address = ''] = Object.entries(list).find(([, title]) => /\broom\b/.test(title)) ?? [];
      skynet.kill(address);
    });
    await heard(anna, 'said', says('seat', 'closed'));
    expect(await anna.request.join('lobby')).toEqual({ members: 1, team: 'red' });
  });

  test('that closes at once is tried again, then told of', async () => {
    const server = await startServer();
    const anna = await enter(server, 'anna');
    await expect(anna.request.joinShut()).rejects.toMatchObject({ code: 'ERR_ROOM_CLOSED' });
    expect(await anna.request.join('lobby')).toMatchObject({ members: 1 });
  });

  test('without members ends', async () => {
    const server = await startServer();
    const anna = await enter(server, 'anna');
    await anna.request.join('lobby');
    await anna.request.leave();
    await server.node.logged('room lobby ends');
  });

  test('takes commands of members only', async () => {
    const server = await startServer();
    const anna = await enter(server, 'anna');
    await anna.request.join('lobby');
    await server.node.run(async (skynet) => {
      const roomd = await skynet.queryService('roomd');
      const { room } = await skynet.call<{ room: number }>(roomd, 'lua', 'find', { name: 'room' }, 'lobby');
      await expect(skynet.call(room, 'lua', 'command', 'say', 'hello')).rejects.toMatchObject({
        code: 'ERR_ROOM_MEMBER',
      });
    });
  });

  test('declared in a way that cannot be is refused', () => {
    expect(() => defineRoom({ seats: 0 }, () => ({}))).toThrow(/seats/);
    expect(() => defineRoom({ seat: 1 } as never, () => ({}))).toThrow(/perhaps seats is meant/);
    expect(() => defineRoom({ tick: '0ms' }, () => ({}))).toThrow(/tick/);
    expect(() => defineRoom({}, undefined as never)).toThrow(/function/);
  });
});

describe('the tick of a room', () => {
  /** A room with a tick under a clock of the test's. */
  async function ticking(run: (step: Step) => unknown, catchUp = 5) {
    const clock = new FakeClock();
    const node = await startTestNode({}, { clock, after: onTestFinished });
    const steps = new Happenings<Step>('steps');
    const lags: (() => Lag)[] = [];
    const definition = defineRoom({ tick: '50ms', catchUp, emptyFor: '1h' }, (_skynet, room) => {
      lags.push(() => room.lag);
      return {
        tick(step) {
          steps.add(step);
          return run(step);
        },
      };
    });
    await node.newService(definition as never, { name: 'lobby' } as never);
    return { clock, steps, lag: () => lags[0]?.() as Lag };
  }

  test('comes at a fixed step', async () => {
    const { clock, steps, lag } = await ticking(() => {});
    await clock.advance('1s');
    expect(steps.all.map(({ number }) => number)).toEqual(Array.from({ length: 20 }, (_, i) => i + 1));
    expect(steps.all.every(({ time, lag: late }) => time === 50 && late < 2)).toBe(true);
    expect(lag()).toMatchObject({ steps: 20, skipped: 0 });
  });

  /** A step that stands still: it ends when the test lets it. */
  function stall(at: number) {
    let end = (): void => {};
    const over = new Promise<void>((resolve) => {
      end = resolve;
    });
    return { run: ({ number }: Step) => (number === at ? over : undefined), end: () => end() };
  }

  test('that stood still for a while makes up for what is due, at the same step and with its lag', async () => {
    const { run, end } = stall(2);
    const { clock, steps, lag } = await ticking(run);
    await clock.advance('300ms'); // 3 to 6 are due meanwhile
    expect(steps.all.map(({ number }) => number)).toEqual([1, 2]);
    end();
    await clock.advance('0ms');
    expect(steps.all.map(({ number }) => number)).toEqual([1, 2, 3, 4, 5, 6]);
    expect(steps.all.every(({ time }) => time === 50)).toBe(true);
    expect(steps.all.slice(2).map(({ lag: late }) => Math.round(late / 10) * 10)).toEqual([150, 100, 50, 0]);
    expect(Math.round(lag().worst / 10) * 10).toBe(150);
    await clock.advance('200ms');
    expect(steps.all.map(({ number }) => number)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    expect(lag().last).toBeLessThan(10);
    expect(lag()).toMatchObject({ steps: 10, skipped: 0 });
  });

  test('that stood still for too long leaves out what is beyond `catchUp`, counts it, and keeps to its times', async () => {
    const { run, end } = stall(2);
    const { clock, steps, lag } = await ticking(run, 5);
    await clock.advance('1s'); // 3 to 20 are due
    end();
    await clock.advance('0ms');
    // The one that stood still was the first of five in a row: 3, 4, 5, 6 follow; 7 to 19 are given up, 20 is due now.
    expect(steps.all.map(({ number }) => number).slice(0, 6)).toEqual([1, 2, 3, 4, 5, 6]);
    await clock.advance('100ms');
    const { skipped, steps: done } = lag();
    expect(skipped).toBeGreaterThan(10);
    expect(done + skipped).toBe(22);
    expect(steps.all.at(-1)).toMatchObject({ number: 22, time: 50 });
    expect(lag().last).toBeLessThan(10);
  });

  test('a step that throws is told to the log, and the next ones come', async () => {
    const { clock, steps, lag } = await ticking(({ number }) => {
      if (number === 2) throw new Error('step two');
    });
    await clock.advance('250ms');
    expect(steps.all.map(({ number }) => number)).toEqual([1, 2, 3, 4, 5]);
    expect(lag()).toMatchObject({ steps: 5, skipped: 0 });
  });
});

test('a room is no service that others start', async () => {
  const node = await startTestNode({}, { after: onTestFinished });
  const room = defineRoom({}, () => ({}));
  await expect(node.newService(room as never)).rejects.toMatchObject({ code: 'ERR_SERVICE_INIT' });
  expect(defineService(() => {}).kind).toBe(room.kind);
});

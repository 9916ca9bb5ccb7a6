import { expect, test } from 'vitest';
import type { CommandsOf, Skynet } from '../../src/index.ts';
import type peer from '../fixtures/threads/peer.ts';
import { startTestNode, type TestNode } from '../test-node.ts';

// The threads of these nodes run the built package: `npm test` builds before it tests.

const code = (expected: string) => expect.objectContaining({ code: expected });

const startThreads = (thread: number): Promise<TestNode> =>
  startTestNode({ thread, watchdog: false, services: ['./threads/?', './services/?'] });

const start = (skynet: Skynet, thread: number | 'spread') =>
  skynet.newService<CommandsOf<typeof peer>>({ name: 'peer', thread });

const list = (skynet: Skynet) => skynet.call<Record<string, string>>('.launcher', 'lua', 'LIST');

/** Loses a thread until it is not started again: at the sixth time within ten seconds, however slow the machine. */
async function giveUp(node: TestNode, skynet: Skynet, thread: number): Promise<void> {
  const isGivenUp = () => node.log.some((line) => line.includes(`thread ${thread} was lost 6 times in 10 s`));
  while (!isGivenUp()) {
    const doomed = await start(skynet, thread).catch(() => undefined);
    if (doomed !== undefined)
      await expect(skynet.proxy(doomed).exitProcess()).rejects.toThrow(code('ERR_SERVICE_GONE'));
  }
  await node.logged(/and is not started again/);
}

test.each([0, 2])(
  'a service that holds its thread is ended by a kill from thread %i, its callers hear of it, the thread starts again',
  async (from) => {
    const node = await startThreads(3);
    await node.run(async (skynet) => {
      const looper = await start(skynet, 1);
      const mate = await start(skynet, 1);
      const killer = await start(skynet, from);
      const spinning = skynet.proxy(looper).spin(Number.POSITIVE_INFINITY);
      const waiting = skynet.proxy(mate).self();
      const shown = await list(skynet);
      expect(shown['thread 1']).toBe('TIMEOUT');
      expect(shown[skynet.address(killer)]).toBe('snlua peer');
      expect(shown[skynet.address(looper)]).toBeUndefined();
      await skynet.proxy(killer).kill(looper);
      await expect(spinning).rejects.toThrow(code('ERR_SERVICE_GONE'));
      await expect(waiting).rejects.toThrow(code('ERR_SERVICE_GONE'));
      await node.logged(/thread 1 is ended: :[\da-f]{8} was killed and does not stop/);
      const reborn = await start(skynet, 1);
      expect(await skynet.proxy(reborn).self()).toBe(reborn);
      expect((await list(skynet))['thread 1']).toBeUndefined();
    });
  },
  120_000,
);

test('a kill ends no thread that another service holds for a while', async () => {
  const node = await startThreads(2);
  await node.run(async (skynet) => {
    const busy = await start(skynet, 1);
    const mate = await start(skynet, 1);
    const spinning = skynet.proxy(busy).spin(1500);
    const waiting = skynet.proxy(mate).self();
    skynet.kill(mate);
    await spinning;
    await waiting.catch((error: unknown) => expect(error).toEqual(code('ERR_SERVICE_GONE')));
    expect(await skynet.proxy(busy).self()).toBe(busy);
    await expect(skynet.proxy(mate).self()).rejects.toThrow(code('ERR_NO_SERVICE'));
  });
});

test('a thread that is not started again is refused, left out and not waited for', async () => {
  const node = await startThreads(3);
  await node.run(async (skynet) => {
    const other = await start(skynet, 2);
    await giveUp(node, skynet, 1);
    await expect(start(skynet, 1)).rejects.toThrow(
      expect.objectContaining({
        code: 'ERR_SERVICE_GONE',
        message: 'call failed: thread 1 was lost and is not started again',
      }),
    );
    await expect(skynet.proxy(other).start('peer', 1)).rejects.toThrow(code('ERR_SERVICE_GONE'));
    const spread: Awaited<ReturnType<typeof start>>[] = [];
    for (let i = 0; i < 6; i++) spread.push(await start(skynet, 'spread'));
    for (const handle of spread) expect(await skynet.proxy(handle).self()).toBe(handle);
    const shown = await list(skynet);
    for (const handle of [other, ...spread]) expect(shown[skynet.address(handle)]).toBe('snlua peer');
    expect(shown['thread 1']).toBeUndefined();
    // A thread that is replaced later knows as well.
    await expect(skynet.proxy(other).exitProcess()).rejects.toThrow(code('ERR_SERVICE_GONE'));
    const reborn = await start(skynet, 2);
    await expect(skynet.proxy(reborn).start('peer', 1)).rejects.toThrow(code('ERR_SERVICE_GONE'));
    skynet.kill(reborn);
  });
});

test('what a thread sends to the successor of a lost one before it hears of the loss arrives, once and in order', async () => {
  const node = await startThreads(3);
  await node.run(async (skynet) => {
    for (let round = 0; round < 4; round++) {
      const victim = await start(skynet, 1);
      const late = await start(skynet, 2);
      // Shapes that the abandoned ring has carried already are known to what is read back from it.
      await skynet.proxy(late).go([{ to: victim, call: true, size: 300_000, waits: 0 }]);
      const name = `.fresh${round}`;
      const plan = Array.from({ length: 1000 }, (_, i) => ({
        call: i % 3 === 0,
        size: i % 100 === 50 ? 400_000 : i % 7,
        waits: 0,
      }));
      const outcome = skynet.proxy(late).late(name, 1, plan);
      await expect(skynet.proxy(victim).exitProcess()).rejects.toThrow(code('ERR_SERVICE_GONE'));
      const fresh = await start(skynet, 1);
      await skynet.proxy(fresh).register(name);
      const { outcomes, started, problems, reason } = await outcome;
      expect(problems).toEqual([]);
      expect(new Set(outcomes)).toEqual(new Set(['ok']));
      expect(outcomes.length).toBe(plan.filter(({ call }) => call).length);
      expect(started).toBe('ok');
      expect(reason).toBe('killed');
    }
  });
});

test('a thread that hears late of two losses, one after the other, loses nothing either', async () => {
  const node = await startThreads(4);
  await node.run(async (skynet) => {
    const late = await start(skynet, 2);
    const outcome = skynet.proxy(late).late('.second', 1, [
      { call: true, size: 5, waits: 0 },
      { call: false, size: 500_000, waits: 0 },
      { call: true, size: 5, waits: 0 },
    ]);
    for (let round = 0; round < 2; round++) {
      const victims = [await start(skynet, 1), await start(skynet, 3)];
      await Promise.all(
        victims.map((victim) =>
          expect(skynet.proxy(victim).exitProcess()).rejects.toThrow(code('ERR_SERVICE_GONE')),
        ),
      );
    }
    const second = await start(skynet, 1);
    await skynet.proxy(second).register('.second');
    expect(await outcome).toEqual({ outcomes: ['ok', 'ok'], started: 'ok', problems: [], reason: 'killed' });
    const other = await start(skynet, 3);
    expect(await skynet.proxy(late).go([{ to: other, call: true, size: 5, waits: 0 }])).toEqual(['ok']);
  });
});

test.each([
  [0, 1, 2],
  [2, 2, 1],
  [2, 1, 1],
  [1, 1, 1],
])(
  'requests that went on through threads %i and %i to thread %i fail with their new receiver, and outlive those they went through',
  async (first, second, last) => {
    const node = await startThreads(3);
    await node.run(async (skynet) => {
      for (const end of ['exit', 'kill', 'lose'] as const) {
        const target = await start(skynet, last);
        const relays = [await start(skynet, first), await start(skynet, second)] as const;
        await skynet.proxy(relays[1]).relayTo(target);
        await skynet.proxy(relays[0]).relayTo(relays[1]);
        const through = skynet.proxy(relays[0]);
        expect(await through.self()).toBe(target);
        const waiting = Array.from({ length: 5 }, () => through.hang());
        const outcomes = Promise.all(
          waiting.map((call) => call.then(String, (error: { code: string }) => error.code)),
        );
        await through.self();
        for (const relay of relays) skynet.kill(relay);
        expect(await skynet.proxy(target).self()).toBe(target);
        if (end === 'kill') skynet.kill(target);
        else skynet.send(target, 'lua', end === 'exit' ? 'leave' : 'exitProcess');
        expect(await outcomes).toEqual(waiting.map(() => 'ERR_SERVICE_GONE'));
        if (end === 'lose') await node.logged(new RegExp(`thread ${last} was lost`));
      }
    });
  },
  120_000,
);

test('a handle of another node is no service of this one', async () => {
  const node = await startThreads(2);
  await node.run(async (skynet) => {
    const there = await start(skynet, 1);
    const ofAnother = 0x0200_0000 | (there & 0xff_ffff);
    skynet.kill(ofAnother);
    await node.logged(/kill: no service :200000/);
    expect(node.log.filter((line) => line.includes('KILL :2'))).toEqual([]);
    expect(await skynet.proxy(there).self()).toBe(there);
    // A caller of another node may well live.
    const tested = skynet.proxy(there).testResponse();
    await skynet.proxy(there).self();
    skynet.redirect(there, ofAnother, 'lua', 7, ['asked']);
    expect(await tested).toBe(true);
  });
});

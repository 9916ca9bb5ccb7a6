import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  type CommandsOf,
  defineService,
  type Handle,
  type ServiceHandle,
  type Skynet,
} from '../../src/index.ts';
import { until } from '../../src/testing/index.ts';
import { anyValue, expectSame } from '../codec/values.ts';
import type peer from '../fixtures/threads/peer.ts';
import type { Step } from '../fixtures/threads/peer.ts';
import { startTestNode, type TestNode } from '../test-node.ts';

// The threads of these nodes run the built package: `npm test` builds before it tests.

const code = (expected: string) => expect.objectContaining({ code: expected });

const startThreads = (thread: number): Promise<TestNode> =>
  startTestNode({ thread, services: ['./threads/?', './services/?'] });

const start = (skynet: Skynet, thread: number | 'spread' | 'same') =>
  skynet.newService<CommandsOf<typeof peer>>({ name: 'peer', thread });

test('services are placed where they are asked to be, and reached the same everywhere', async () => {
  const node = await startThreads(3);
  await node.run(async (skynet) => {
    const handles = [
      await start(skynet, 0),
      await start(skynet, 1),
      await start(skynet, 2),
      await start(skynet, 'spread'),
      await start(skynet, 'same'),
    ];
    for (const handle of handles) {
      expect(await skynet.proxy(handle).self()).toBe(handle);
      expect(await skynet.proxy(handle).echo({ deep: [1, 'x', new Uint8Array([1, 2])] })).toEqual({
        deep: [1, 'x', new Uint8Array([1, 2])],
      });
    }
    await expect(start(skynet, 3)).rejects.toThrow(code('ERR_ARGUMENT'));
    await expect(skynet.newService({ name: 'nobody', thread: 1 })).rejects.toThrow(
      code('ERR_SERVICE_NOT_FOUND'),
    );
    await expect(skynet.newService({ name: 'throws-in-start', thread: 1 })).rejects.toThrow(
      code('ERR_SERVICE_INIT'),
    );
    const list = await skynet.call<Record<string, string>>('.launcher', 'lua', 'LIST');
    for (const handle of handles) expect(list[skynet.address(handle)]).toBe('snlua peer');
    // A service of one thread starts one in another.
    const third = await skynet.call<Handle>(handles[1] as Handle, 'lua', 'start', 'peer', 2);
    expect(await skynet.call(third, 'lua', 'self')).toBe(third);
  });
});

test('errors, kills and dead handles are the same across threads', async () => {
  const node = await startThreads(2);
  await node.run(async (skynet) => {
    const handle = await start(skynet, 1);
    await expect(skynet.call(handle, 'lua', 'nothing')).rejects.toThrow(code('ERR_UNKNOWN_COMMAND'));
    await expect(skynet.call(handle, 'lua', 'echo', [() => {}] as never)).rejects.toThrow(
      code('ERR_UNSERIALIZABLE'),
    );
    const hanging = skynet.call(handle, 'lua', 'hang');
    await skynet.call(handle, 'lua', 'self');
    skynet.kill(handle);
    await expect(hanging).rejects.toThrow(code('ERR_SERVICE_GONE'));
    await expect(skynet.call(handle, 'lua', 'self')).rejects.toThrow(code('ERR_NO_SERVICE'));
    expect(skynet.send(handle, 'lua', 'self')).toBeUndefined();
  });
});

test('names and environment are seen by all threads at once', async () => {
  const node = await startThreads(3);
  await node.run(async (skynet) => {
    const one = skynet.proxy(await start(skynet, 1));
    const two = skynet.proxy(await start(skynet, 2));
    await one.register('.one');
    const handle = await one.self();
    expect(skynet.localName('.one')).toBe(handle);
    expect(await two.localName('.one')).toBe(handle);
    expect(await skynet.call('.one', 'lua', 'self')).toBe(handle);
    const waiting = two.queryName('everywhere');
    const waitingHere = skynet.queryName('everywhere');
    await one.register('everywhere');
    expect(await waiting).toBe(handle);
    expect(await waitingHere).toBe(handle);
    await expect(two.register('everywhere')).rejects.toThrow(code('ERR_NAME_TAKEN'));
    await two.setenv('born', 'in two');
    expect(skynet.getenv('born')).toBe('in two');
    expect(await one.getenv('born')).toBe('in two');
    await expect(one.setenv('born', 'again')).rejects.toThrow(code('ERR_ENV_EXISTS'));
    skynet.kill(handle);
    await skynet.await(until(() => skynet.localName('.one') === undefined));
  });
});

test('bodies of every size arrive whole and in order, also when the ring is full', async () => {
  const node = await startThreads(2);
  await node.run(async (skynet) => {
    const handle = await start(skynet, 1);
    const sizes = [0, 1, 100, 70_000, 300_000, 2_000_000, 5];
    const plan: Step[] = [];
    for (let round = 0; round < 40; round++)
      for (const size of sizes)
        plan.push({ to: handle, call: round === 39, size: round % 8 === 0 ? size : size % 1000, waits: 0 });
    const sender = await start(skynet, 0);
    await skynet.proxy(sender).go(plan);
    expect(await skynet.proxy(handle).report()).toMatchObject({
      problems: [],
      received: new Map([[sender, plan.length]]),
    });
    for (const size of [0, 10, 1 << 16, 1 << 20, 5 << 20]) {
      const bytes = new Uint8Array(size).fill(size % 251);
      expect(Buffer.compare(await skynet.call<Uint8Array>(handle, 'lua', 'echo', bytes), bytes)).toBe(0);
      const body = await skynet.rawCall(handle, 'lua', skynet.packBytes('echo', 'through bytes'));
      expect(skynet.unpack(body)).toEqual(['through bytes']);
    }
  });
});

test.each([1, 2, 4])(
  'with %i threads: never two at once, in order for each pair, every call settles, nothing is lost',
  async (threads) => {
    const node = await startThreads(threads);
    const step = fc.record({
      to: fc.nat(5),
      call: fc.boolean(),
      size: fc.oneof({ weight: 8, arbitrary: fc.nat(300) }, { weight: 1, arbitrary: fc.nat(400_000) }),
      waits: fc.nat(2),
    });
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.nat(threads - 1), { minLength: 2, maxLength: 6 }),
        fc.array(fc.array(step, { maxLength: 25 }), { minLength: 2, maxLength: 6 }),
        fc.option(fc.nat(5)),
        async (places, plans, victim) => {
          await node.run(async (skynet) => {
            const peers: ServiceHandle<CommandsOf<typeof peer>>[] = [];
            for (const thread of places) peers.push(await start(skynet, thread));
            const handleOf = (number: number) => peers[number % peers.length] as (typeof peers)[number];
            const under = peers.map((handle, i) =>
              skynet
                .proxy(handle)
                .go((plans[i] ?? []).map((part) => ({ ...part, to: handleOf(part.to) })))
                .catch((error) => [error.code]),
            );
            const killed = victim === null ? undefined : handleOf(victim);
            if (killed !== undefined) skynet.kill(killed);
            const outcomes = await skynet.await(Promise.all(under));
            const allowed = killed === undefined ? ['ok'] : ['ok', 'ERR_SERVICE_GONE', 'ERR_NO_SERVICE'];
            for (const outcome of outcomes.flat()) expect(allowed).toContain(outcome);
            const alive = peers.filter((handle) => handle !== killed);
            // Sends may still be under way: an answer from each to each pushes them out.
            const reports = [];
            for (const handle of alive) reports.push(await skynet.proxy(handle).report());
            for (const [i, report] of reports.entries()) {
              expect(report.problems).toEqual([]);
              for (const [j, other] of reports.entries()) {
                const to = alive[j] as (typeof peers)[number];
                const expected = report.sent.get(to) ?? 0;
                let got = other.received.get(alive[i] as Handle) ?? 0;
                while (got < expected)
                  got = (await skynet.proxy(to).report()).received.get(alive[i] as Handle) ?? 0;
                expect(got).toBe(expected);
              }
            }
            for (const handle of alive) skynet.kill(handle);
          });
        },
      ),
      { numRuns: 25 },
    );
  },
  120_000,
);

test('a thread that dies takes only its services, and is started again', async () => {
  const node = await startThreads(3);
  await node.run(async (skynet) => {
    const doomed = await start(skynet, 1);
    const neighbour = await start(skynet, 1);
    const other = await start(skynet, 2);
    await skynet.proxy(neighbour).register('.neighbour');
    const recorder = await skynet.monitor('ends-recorder');
    const hanging = skynet.proxy(neighbour).hang();
    const fromOther = skynet.proxy(other).go([{ to: neighbour, call: true, size: 10, waits: 2 }]);
    const last = skynet.proxy(doomed).exitProcess();
    await expect(last).rejects.toThrow(code('ERR_SERVICE_GONE'));
    await expect(hanging).rejects.toThrow(code('ERR_SERVICE_GONE'));
    // Its call may have been answered, under way, or not made yet.
    expect(['ok', 'ERR_SERVICE_GONE', 'ERR_NO_SERVICE']).toContain((await fromOther)[0]);
    await node.logged(/thread 1 was lost with 2 services/);
    await expect(skynet.call(neighbour, 'lua', 'self')).rejects.toThrow(code('ERR_NO_SERVICE'));
    expect(skynet.localName('.neighbour')).toBeUndefined();
    expect(await skynet.proxy(other).self()).toBe(other);
    const ended = await skynet.call<string[]>(recorder, 'lua', 'ended');
    expect(ended).toEqual(expect.arrayContaining([skynet.address(doomed), skynet.address(neighbour)]));
    const reborn = await start(skynet, 1);
    expect(await skynet.proxy(reborn).self()).toBe(reborn);
    expect(await skynet.proxy(other).go([{ to: reborn, call: true, size: 100_000, waits: 0 }])).toEqual([
      'ok',
    ]);
  });
});

test('a value arrives the same within a thread and between threads, and what is refused is refused alike', async () => {
  const node = await startThreads(2);
  await node.run(async (skynet) => {
    const here = await start(skynet, 0);
    const there = await start(skynet, 1);
    const answerOf = (to: Handle, value: unknown): Promise<unknown> =>
      skynet
        .call(to, 'lua', 'echo', value)
        .catch((error: { code: string; message: string }) => `${error.code} ${error.message}`);
    await fc.assert(
      fc.asyncProperty(anyValue, async (value) => {
        expectSame(await answerOf(there, value), await answerOf(here, value));
      }),
      { numRuns: 300 },
    );
    class Point {}
    for (const value of [() => 0, { at: [new Date()] }, new Map([['p', new Point()]]), Symbol('s')]) {
      const refusal = await answerOf(here, value);
      expect(refusal).toMatch(/^ERR_UNSERIALIZABLE /);
      expect(await answerOf(there, value)).toBe(refusal);
    }
  });
});

test('what is sent to another thread is what it was at that moment, also while the ring is full', async () => {
  const node = await startThreads(2);
  await node.run(async (skynet) => {
    const far = await skynet.newService({ name: 'echo', thread: 1 });
    const state = { number: 0, list: [0], padding: 'x'.repeat(1000) };
    const answers: Promise<unknown>[] = [];
    for (let i = 0; i < 3000; i++) {
      state.number = i;
      state.list[0] = i;
      answers.push(skynet.call(far, 'lua', 'echo', state));
    }
    for (const [i, answer] of answers.entries())
      expect(await answer).toEqual({ number: i, list: [i], padding: state.padding });
  });
});

test('a thread that runs out of its heap ends alone', async () => {
  const node = await startTestNode({ thread: 2, threadHeap: 32, services: ['./threads/?'] });
  await node.run(async (skynet) => {
    const greedy = await start(skynet, 1);
    const other = await start(skynet, 0);
    await expect(skynet.proxy(greedy).hoard()).rejects.toThrow(code('ERR_SERVICE_GONE'));
    expect(await skynet.proxy(other).self()).toBe(other);
    const again = await start(skynet, 1);
    expect(await skynet.proxy(again).self()).toBe(again);
  });
});

test('stopping runs the exit hooks of all threads and loses no log line', async () => {
  const node = await startThreads(3);
  await node.run(async (skynet) => {
    for (const thread of [0, 1, 2])
      await skynet.proxy(await start(skynet, thread)).onExit(`bye from ${thread}`);
  });
  await node.stop();
  for (const thread of [0, 1, 2])
    expect(node.log).toContainEqual(expect.stringContaining(`bye from ${thread}`));
});

test('abort in any thread ends the node, exit hooks first', async () => {
  const node = await startThreads(2);
  await node.run(async (skynet) => {
    const there = await start(skynet, 1);
    await skynet.proxy(there).onExit('bye');
    skynet.sender(there).abort();
  });
  await node.stopped;
  expect(node.log).toContainEqual(expect.stringContaining('bye'));
});

test('preload and profile hold in every thread', async () => {
  const node = await startTestNode({
    thread: 2,
    services: ['./threads/?'],
    preload: './preload',
    profile: true,
  });
  await node.run(async (skynet) => {
    const there = await start(skynet, 1);
    await node.logged(/preload of peer/);
    await skynet.proxy(there).spin(10);
    expect(await skynet.proxy(there).cpu()).toBeGreaterThanOrEqual(0.01);
  });
});

test('a start that fails takes along what it has started in other threads, and what that has started', async () => {
  const node = await startTestNode({ thread: 3, services: ['./threads/?'] });
  await node.run(async (skynet) => {
    const list = () => skynet.call<Record<string, string>>('.launcher', 'lua', 'LIST');
    const before = await list();
    let during: Record<string, string> = {};
    const failing = defineService(async (own) => {
      await own.newService({ name: 'parent', thread: 1 }, 2, 1, 0);
      during = await list();
      throw new Error('too late');
    });
    await expect(skynet.newService(failing)).rejects.toThrow(
      expect.objectContaining({ code: 'ERR_SERVICE_INIT' }),
    );
    expect(Object.values(during).filter((title) => title === 'snlua peer')).toHaveLength(3);
    // In other threads they end a little later.
    await skynet.await(
      until(async () => JSON.stringify(await list()) === JSON.stringify(before), {
        what: 'what a failed start has started is gone',
      }),
    );
  });
});

test('two threads that talk without pause leave timers and sockets of the host their turn', async () => {
  const node = await startThreads(2);
  await node.run(async (skynet) => {
    const handle = await start(skynet, 1);
    for (let turns = 0, calls = 0; turns < 20; ) {
      let hasHadTurn = false;
      setTimeout(() => {
        hasHadTurn = true;
      }, 1);
      for (const begin = calls; !hasHadTurn; calls++) {
        await skynet.proxy(handle).echo(calls);
        if (calls - begin > 200_000) throw new Error('no turn of the event loop in 200,000 calls');
      }
      turns++;
    }
  });
});

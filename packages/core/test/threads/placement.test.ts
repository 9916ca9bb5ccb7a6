import { expect, test } from 'vitest';
import type { CommandsOf, Handle, PlacementReport, ServiceHandle, Skynet } from '../../src/index.ts';
import { open } from '../console/visitor.ts';
import type talker from '../fixtures/threads/talker.ts';
import { startTestNode, type TestNode } from '../test-node.ts';

// The threads of these nodes run the built package: `npm test` builds before it tests.

type Talker = CommandsOf<typeof talker>;

const startNode = (thread: number, placement?: 'same' | 'auto'): Promise<TestNode> =>
  startTestNode({
    thread,
    watchdog: false,
    services: ['./threads/?', './services/?'],
    ...(placement === undefined ? {} : { placement }),
  });

const start = (skynet: Skynet, thread: number, pinned = false): Promise<ServiceHandle<Talker>> =>
  skynet.newService<Talker>({ name: 'talker', thread, pinned });

/** Begins the talk of each pair; what ends it checks that nothing was lost, and nothing came out of order. */
function talkOf(
  skynet: Skynet,
  pairs: readonly (readonly [ServiceHandle<Talker>, ServiceHandle<Talker>])[],
  pause = 0,
) {
  const talks = pairs.map(([from, to]) => skynet.proxy(from).talk(to, pause));
  return async (): Promise<void> => {
    for (const [from] of pairs) await skynet.proxy(from).quiet();
    for (const [i, [from, to]] of pairs.entries()) {
      const sent = await talks[i];
      const { last, problems } = await skynet.proxy(to).heard();
      expect(problems).toEqual([]);
      expect(last.get(from)).toBe(sent);
      expect((await skynet.proxy(from).heard()).problems).toEqual([]);
    }
  };
}

const placed = (node: TestNode, ...handles: Handle[]): Promise<string> =>
  node.logged(
    new RegExp(`placed :(${handles.map((handle) => handle.toString(16).padStart(8, '0')).join('|')}) `),
  );

test.each([2, 4])(
  'of %i threads: two that talk end in one, and nothing is lost meanwhile',
  async (threads) => {
    const node = await startNode(threads, 'auto');
    await node.run(async (skynet) => {
      const pair = [await start(skynet, 0), await start(skynet, threads - 1)] as const;
      const end = talkOf(skynet, [pair]);
      await placed(node, ...pair);
      const [a, b] = await Promise.all(pair.map((one) => skynet.proxy(one).where()));
      expect(a).toBe(b);
      await end();
      const { mode, moves, moved, edges } = await skynet.await(node.placement());
      expect({ mode, moved }).toEqual({ mode: 'auto', moved: 1 });
      expect(moves.filter(({ failure }) => failure === undefined)).toEqual([
        expect.objectContaining({ name: 'talker', from: expect.any(Number), to: a }),
      ]);
      expect(edges[0]?.services).toEqual([...pair].sort((x, y) => x - y));
    });
  },
);

test('several pairs find together, each in one thread, while all of them talk', async () => {
  const node = await startNode(2, 'auto');
  await node.run(async (skynet) => {
    const pairs = await Promise.all(
      Array.from(
        { length: 6 },
        async (_, i) => [await start(skynet, i % 2), await start(skynet, 1 - (i % 2))] as const,
      ),
    );
    // With pauses, so that there is room in both threads whatever else the machine does.
    const end = talkOf(skynet, pairs, 1);
    for (const pair of pairs) await placed(node, ...pair);
    for (const [from, to] of pairs)
      expect(await skynet.proxy(from).where()).toBe(await skynet.proxy(to).where());
    await end();
    // Nobody has gone to and fro.
    const { moves, moved } = await skynet.await(node.placement());
    const made = moves.filter(({ failure }) => failure === undefined).map(({ handle }) => handle);
    expect(new Set(made).size).toBe(made.length);
    expect(moved).toBe(pairs.length);
  });
});

test('a service whose thread was named or that is pinned stays; who is unpinned goes', async () => {
  const node = await startNode(2, 'auto');
  await node.run(async (skynet) => {
    const pair = [
      await skynet.newService<Talker>({ name: 'talker', thread: 0 }),
      await skynet.newService<Talker>({ name: 'talker', thread: 'spread', pinned: true }),
    ] as const;
    if ((await skynet.proxy(pair[1]).where()) === 0) await skynet.move(pair[1], { thread: 1 });
    const free = [await start(skynet, 0), await start(skynet, 1)] as const;
    const end = talkOf(skynet, [pair]);
    const endFree = talkOf(skynet, [free]);
    await placed(node, ...free);
    const { pinned, edges, moves } = await skynet.await(node.placement());
    // They were known to talk when the others moved.
    expect(edges.map(({ services }) => services)).toContainEqual([...pair].sort((x, y) => x - y));
    // A move by hand does not unpin.
    expect([...pinned].sort((x, y) => x - y)).toEqual([...pair].sort((x, y) => x - y));
    expect(moves.map(({ handle }) => handle).filter((handle) => pair.includes(handle as never))).toEqual([]);
    expect(await Promise.all(pair.map((one) => skynet.proxy(one).where()))).toEqual([0, 1]);
    // Which leaves room again.
    await endFree();
    await skynet.await(node.pin(pair[1], false));
    await placed(node, ...pair);
    expect(await skynet.proxy(pair[1]).where()).toBe(0);
    await end();
  });
  await expect(node.pin(0x01ffffff)).rejects.toThrow(expect.objectContaining({ code: 'ERR_NO_SERVICE' }));
});

test('new services start near those that their kind talks to', async () => {
  const node = await startNode(2, 'auto');
  await node.run(async (skynet) => {
    // All talk is in thread 1, and nobody there can move.
    const pair = await Promise.all(
      [1, 1].map((thread) => skynet.newService<Talker>({ name: 'talker', thread })),
    );
    // They leave the thread room for more.
    const end = talkOf(skynet, [pair as [ServiceHandle<Talker>, ServiceHandle<Talker>]], 1);
    let report: PlacementReport;
    do {
      await skynet.sleep(10);
      report = await skynet.await(node.placement());
    } while (!report.places.some(({ kind, thread }) => kind === 'talker' && thread === 1));
    await end();
    const learnt = await skynet.newService<Talker>('talker');
    expect(await skynet.proxy(learnt).where()).toBe(1);
    // Whoever names a place has it.
    for (const thread of [0, 'same'] as const) {
      const here = await skynet.newService<Talker>({ name: 'talker', thread });
      expect(await skynet.proxy(here).where()).toBe(0);
    }
  });
});

test('what cannot hand over stays, its partner comes; a move that fails is told of and costs nothing', async () => {
  const node = await startNode(2, 'auto');
  await node.run(async (skynet) => {
    const fixed = await skynet.newService<Talker>({ name: 'talker', thread: 0, pinned: false }, true);
    const partner = await start(skynet, 1);
    const end = talkOf(skynet, [[fixed, partner]]);
    await placed(node, fixed, partner);
    expect(await skynet.proxy(partner).where()).toBe(0);
    expect((await skynet.await(node.placement())).moves.map(({ handle }) => handle)).toEqual([partner]);
    await end();
  });
});

test('the console shows threads, talk and moves, and pins', async () => {
  const node = await startNode(2, 'auto');
  await node.run(async (skynet) => {
    const console = await open(node);
    const ask = async (line: string): Promise<string> => (await console.type(line)).join('\n');
    const pair = [await start(skynet, 0), await start(skynet, 1)] as const;
    const end = talkOf(skynet, [pair]);
    await placed(node, ...pair);
    const shown = await ask('placement');
    expect(shown).toMatch(/^placement\tauto$/m);
    expect(shown).toMatch(/^thread 0\tload \d+\.\d %, \d+ services$/m);
    expect(shown).toMatch(/^thread 1\tload \d+\.\d %, \d+ services$/m);
    expect(shown).toMatch(
      /^:[\da-f]{8} :[\da-f]{8}\ttalker \(thread \d\) and talker \(thread \d\): \d+ messages\/s$/m,
    );
    expect(shown).toMatch(
      /^move -\d\t:[\da-f]{8} talker from thread \d to \d at \d+\.\d s: \d+ messages\/s there, \d+ where it was$/m,
    );
    expect(await ask(`placement pin ${skynet.address(pair[0])}`)).toContain('<CMD OK>');
    expect(await ask('placement shove')).toContain('pin or unpin, not shove');
    await end();
  });
});

test.each([1, 2])('by default a node of %i threads learns nothing and moves nothing', async (thread) => {
  const node = await startNode(thread);
  await node.run(async (skynet) => {
    expect(skynet.localName('.placement')).toBeUndefined();
    const pair = [await start(skynet, 0), await start(skynet, thread - 1)] as const;
    const end = talkOf(skynet, [pair]);
    for (let i = 0; i < 100; i++) await skynet.proxy(pair[1]).where();
    await end();
    const report = await skynet.await(node.placement());
    expect(report).toMatchObject({ mode: 'same', edges: [], moves: [], moved: 0, places: [], pinned: [] });
    expect(report.threads.map((entry) => entry.thread)).toEqual(Array.from({ length: thread }, (_, i) => i));
    for (const { load, services } of report.threads) {
      expect(load).toBeGreaterThan(0);
      expect(load).toBeLessThanOrEqual(1);
      expect(services).toBeGreaterThan(0);
    }
    await skynet.await(node.pin(pair[0]));
  });
});

test('bad words are refused', async () => {
  await expect(startTestNode({ placement: 'nearby' })).rejects.toThrow(
    expect.objectContaining({ code: 'ERR_CONFIG', message: expect.stringContaining('"same" or "auto"') }),
  );
  const node = await startNode(1);
  await expect(
    node.run((skynet) => skynet.newService({ name: 'talker', pinned: 'yes' as never })),
  ).rejects.toThrow(expect.objectContaining({ code: 'ERR_ARGUMENT' }));
});

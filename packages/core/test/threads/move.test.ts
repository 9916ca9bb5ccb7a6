import { expect, test } from 'vitest';
import {
  type CommandsOf,
  type DrainReport,
  defineService,
  type Handle,
  type ServiceHandle,
  type Skynet,
} from '../../src/index.ts';
import { Happenings, until } from '../../src/testing/index.ts';
import { open } from '../console/visitor.ts';
import type flooder from '../fixtures/threads/flooder.ts';
import type mover from '../fixtures/threads/mover.ts';
import type { Wishes } from '../fixtures/threads/mover.ts';
import { startTestNode, type TestNode } from '../test-node.ts';

// The threads of these nodes run the built package: `npm test` builds before it tests.

type Mover = CommandsOf<typeof mover>;

const code = (expected: string, reason?: string) =>
  expect.objectContaining({
    code: expected,
    ...(reason === undefined ? {} : { details: expect.objectContaining({ reason }) }),
  });

const startThreads = (thread: number): Promise<TestNode> =>
  startTestNode({ thread, watchdog: false, services: ['./threads/?', './services/?'] });

const start = (skynet: Skynet, thread: number, wishes: Wishes = {}): Promise<ServiceHandle<Mover>> =>
  skynet.newService<Mover>({ name: 'mover', thread }, wishes);

const proxy = (skynet: Skynet, handle: ServiceHandle<Mover>) => skynet.proxy(handle);

/** Notes that are sent by all senders together. */
const FLOOD = Number(process.env['SKYNET_MOVE_MESSAGES'] ?? 6000);

test('a service goes to another thread with its state, names, timers and watchers, and back', async () => {
  const node = await startThreads(3);
  await node.run(async (skynet) => {
    const handle = await start(skynet, 0, { name: '.mover' });
    const gone = new Happenings<string>('ends');
    skynet.watch(handle, ({ reason }) => gone.add(reason));
    const watcher = await start(skynet, 1);
    await proxy(skynet, watcher).watch(handle);
    await proxy(skynet, handle).remember({ kept: [1, 'two'] });
    for (const thread of [1, 2, 2, 0, 1]) {
      await skynet.move(handle, { thread });
      expect(await proxy(skynet, handle).where()).toBe(thread);
      expect(await skynet.call('.mover', 'lua', 'self')).toBe(handle);
    }
    await node.logged(/MOVE snlua mover .* to thread 2/);
    const { notes, threads } = await proxy(skynet, handle).learnt();
    expect(notes).toContainEqual({ kept: [1, 'two'] });
    expect(threads).toEqual([0, 1, 2, 0, 1]);
    // Its timers run there.
    const hasTicked = async (): Promise<boolean> =>
      (await proxy(skynet, handle).learnt()).notes.includes('tick');
    await skynet.await(until(hasTicked, { what: 'its timer has fired' }));
    const list = await skynet.call<Record<string, string>>('.launcher', 'lua', 'LIST');
    expect(Object.keys(list).filter((address) => address === skynet.address(handle))).toHaveLength(1);
    expect(gone.all).toEqual([]);
    skynet.kill('.mover');
    await gone.find(() => true, 'the end of the service');
    expect(gone.all).toEqual(['killed']);
    const isTold = async (): Promise<boolean> =>
      (await proxy(skynet, watcher).learnt()).notes.includes('killed');
    await skynet.await(until(isTold, { what: 'the watcher is told' }));
    await skynet.await(until(() => skynet.localName('.mover') === undefined));
    await expect(proxy(skynet, handle).where()).rejects.toThrow(code('ERR_NO_SERVICE'));
  });
});

test('what waits, what is being worked on, and what it has asked itself all end as if it had stayed', async () => {
  const node = await startThreads(3);
  await node.run(async (skynet) => {
    const handle = await start(skynet, 1, { friend: await start(skynet, 2) });
    const service = proxy(skynet, handle);
    const friend = await start(skynet, 2);
    await service.loop();
    const running = service.slow(20);
    const asking = service.ask(friend, 'slow', 10);
    await service.self();
    const moving = skynet.move(handle, { thread: 0 });
    const waiting = Array.from({ length: 20 }, () => service.where());
    const limited = skynet.call({ to: handle, timeout: '20s' }, 'lua', 'deadline');
    expect(await running).toBe(1);
    expect(await asking).toEqual([1, 2]);
    await moving;
    const places = await Promise.all(waiting);
    // Those that came before it was held are the old place's.
    expect(places).toEqual([...places].sort((a, b) => b - a));
    const left = Number(await limited);
    expect(left).toBeGreaterThan(1000);
    expect(left).toBeLessThanOrEqual(2000);
    expect(await service.where()).toBe(0);
    // Its new start has asked its friend once more.
    expect((await service.learnt()).notes.filter((note) => typeof note === 'number')).toHaveLength(2);
  });
});

test('while messages come from several threads it moves about: none is lost, none comes twice, their order holds', async () => {
  const node = await startThreads(4);
  await node.run(async (skynet) => {
    const handle = await start(skynet, 1);
    const senders = await Promise.all(
      [0, 0, 1, 1, 2, 2, 3, 3].map((thread) =>
        skynet.newService<CommandsOf<typeof flooder>>({ name: 'flooder', thread }),
      ),
    );
    const each = Math.ceil(FLOOD / senders.length);
    const bursts = [2, 7, 50, 400];
    let isOver = false;
    const flooding = Promise.all(
      senders.map((sender, i) => skynet.proxy(sender).flood(handle, each, bursts[i % 4] as number)),
    ).finally(() => {
      isOver = true;
    });
    let moves = 0;
    for (let thread = 2; !isOver || moves < 8; thread = (thread + 1) % 4, moves++)
      await skynet.move(handle, { thread, patience: '30s' });
    await flooding;
    const { received, problems } = await proxy(skynet, handle).learnt();
    expect(problems).toEqual([]);
    expect(received).toEqual(new Map(senders.map((sender) => [sender, each])));
  });
}, 600_000);

test('what it sends from both places comes in order', async () => {
  const node = await startThreads(4);
  await node.run(async (skynet) => {
    const handle = await start(skynet, 1);
    const receivers = await Promise.all([0, 1, 2, 3].map((thread) => start(skynet, thread)));
    let told = 0;
    for (let round = 0; round < 12; round++) {
      const target = receivers[round % 4] as ServiceHandle<Mover>;
      if (round % 4 === 0) told += 500;
      // Each receiver gets a series from the old place, and the next one from the new place.
      skynet.send(handle, 'lua', 'tell', target, 500);
      await skynet.move(handle, { thread: (round + 2) % 4 });
    }
    await proxy(skynet, handle).self();
    for (const receiver of receivers) {
      const { received, problems } = await proxy(skynet, receiver).learnt();
      expect(received.get(handle)).toBe(500);
      // A new series begins at 1, and nothing else is out of order.
      expect(problems.filter((problem) => !/^1 of .* after 500$/.test(problem))).toEqual([]);
    }
    expect(told).toBe(1500);
  });
});

test.each<[string, Wishes, string, string | undefined]>([
  ['nothing to hand over', { has: 'nothing' }, 'ERR_MOVE', 'handover'],
  ['a listener', { has: 'listener' }, 'ERR_MOVE', 'sockets'],
  ['state that cannot be sent', { has: 'odd-state' }, 'ERR_UNSERIALIZABLE', undefined],
  ['a take that throws', { has: 'bad-take' }, 'ERR_REMOTE', undefined],
  ['a start that throws there', { elsewhere: 'throw' }, 'ERR_REMOTE', undefined],
  ['a start that rejects there', { elsewhere: 'reject' }, 'ERR_REMOTE', undefined],
  ['a start that exits there', { elsewhere: 'exit' }, 'ERR_SERVICE_EXITED', undefined],
  ['state that is refused there', { elsewhere: 'refuse' }, 'ERR_REMOTE', undefined],
  ['a start that takes its thread along', { elsewhere: 'die' }, 'ERR_SERVICE_GONE', undefined],
  ['a give that takes its thread along', { elsewhere: 'die-late' }, 'ERR_SERVICE_GONE', undefined],
])('with %s it stays, and works on', async (_what, wishes, expected, reason) => {
  const node = await startThreads(2);
  await node.run(async (skynet) => {
    const handle = await start(skynet, 0, { ...wishes, name: '.stays' });
    const service = proxy(skynet, handle);
    await service.remember('before');
    const moving = skynet.move(handle, { thread: 1 });
    const waiting = Array.from({ length: 5 }, (_, n) => service.count(n + 1));
    await expect(moving).rejects.toThrow(code(expected, reason));
    expect(await Promise.all(waiting)).toEqual([1, 2, 3, 4, 5]);
    expect(await service.where()).toBe(0);
    const { notes, problems, threads } = await service.learnt();
    expect(notes).toContain('before');
    expect({ problems, threads }).toEqual({ problems: [], threads: [0] });
    const hasTicked = async (): Promise<boolean> => (await service.learnt()).notes.includes('tick');
    await skynet.await(until(hasTicked, { what: 'its timer has fired' }));
    expect(await skynet.call('.stays', 'lua', 'self')).toBe(handle);
  });
});

test('work that does not end keeps it where it is; bad arguments are refused', async () => {
  const node = await startThreads(2);
  await node.run(async (skynet) => {
    const handle = await start(skynet, 0);
    const service = proxy(skynet, handle);
    const running = service.held();
    await expect(skynet.move(handle, { thread: 1, patience: 1 })).rejects.toThrow(code('ERR_MOVE', 'busy'));
    await expect(skynet.move(handle, { thread: 1, patience: 1 })).rejects.toThrow(/has no answer yet/);
    await service.free();
    expect(await running).toBe(0);
    // A request cannot wait until all requests have ended; a task of its own that moves it ends with the old instance.
    await expect(service.move(1)).rejects.toThrow(code('ERR_MOVE', 'busy'));
    for (const there of [1, 0]) {
      await service.moveLater(there);
      await skynet.await(until(async () => (await service.where()) === there));
    }
    expect(node.log.filter((line) => line.includes('Unknown session'))).toEqual([]);
    for (const thread of [2, -1, 1.5, Number.NaN])
      await expect(skynet.move(handle, { thread })).rejects.toThrow(code('ERR_ARGUMENT'));
    for (const options of [undefined, null, {}, { thread: '1' }])
      await expect(skynet.move(handle, options as never)).rejects.toThrow(code('ERR_ARGUMENT'));
    const given = await skynet.newService(
      defineService(function given(own: Skynet) {
        own.handover({ take: () => 1, give: () => {} });
        return { ping: () => 'here' };
      }),
    );
    await expect(skynet.move(given, { thread: 1 })).rejects.toThrow(code('ERR_MOVE', 'definition'));
    expect(await skynet.call(given, 'lua', 'ping')).toBe('here');
    const both = await Promise.allSettled([1, 1].map((thread) => skynet.move(handle, { thread })));
    expect(both.filter(({ status }) => status === 'fulfilled').length).toBeGreaterThan(0);
    for (const one of both) if (one.status === 'rejected') expect(one.reason).toEqual(code('ERR_MOVE'));
    expect(await service.where()).toBe(1);
    skynet.kill(handle);
    await expect(skynet.move(handle, { thread: 0 })).rejects.toThrow(
      /ended before it answered|invalid address/,
    );
    await expect(skynet.move(handle, { thread: 0 })).rejects.toThrow(code('ERR_NO_SERVICE'));
  });
});

test('a service that is killed while it moves is gone, in both places, and everybody hears of it', async () => {
  const node = await startThreads(3);
  await node.run(async (skynet) => {
    for (let round = 0; round < 12; round++) {
      const handle = await start(skynet, 1, { name: '.doomed', friend: await start(skynet, 2) });
      const gone = new Happenings<string>('ends');
      skynet.watch(handle, ({ reason }) => gone.add(reason));
      const moving = skynet.move(handle, { thread: round % 2 === 0 ? 0 : 2 });
      const waiting = Array.from({ length: 5 }, (_, n) => proxy(skynet, handle).count(n + 1));
      const outcomes = Promise.allSettled([moving, ...waiting]);
      // At any moment of the move.
      for (let turns = 0; turns < round * 3; turns++) await skynet.yield();
      skynet.kill(handle);
      for (const outcome of await outcomes)
        if (outcome.status === 'rejected')
          expect(['ERR_SERVICE_GONE', 'ERR_NO_SERVICE']).toContain(outcome.reason.code);
      await gone.find(() => true, 'the end of the service');
      expect(gone.all).toEqual(['killed']);
      await expect(proxy(skynet, handle).self()).rejects.toThrow(
        /ERR_NO_SERVICE|invalid address|call failed/,
      );
      await skynet.await(until(() => skynet.localName('.doomed') === undefined));
    }
  });
});

test.each(['old', 'new'])(
  'when the %s thread dies in the middle, whoever waits is told',
  async (which) => {
    const node = await startThreads(3);
    await node.run(async (skynet) => {
      for (let round = 0; round < 4; round++) {
        const mate = await start(skynet, which === 'old' ? 1 : 2);
        const handle = await start(skynet, 1, { friend: await start(skynet, 0) });
        const gone = new Happenings<string>('ends');
        skynet.watch(handle, ({ reason }) => gone.add(reason));
        const moving = skynet.move(handle, { thread: 2 });
        const waiting = Array.from({ length: 20 }, (_, n) => proxy(skynet, handle).count(n + 1));
        const outcomes = Promise.allSettled([moving, ...waiting]);
        for (let turns = 0; turns < round * 4; turns++) await skynet.yield();
        skynet.send(mate, 'lua', 'die');
        for (const outcome of await outcomes) {
          if (outcome.status === 'fulfilled') continue;
          const { code, details } = outcome.reason;
          // A thread that is about to die may seem to be silent first.
          if (code === 'ERR_MOVE') expect(details.reason).toBe('thread');
          else expect(['ERR_SERVICE_GONE', 'ERR_NO_SERVICE']).toContain(code);
        }
        await node.logged(/was lost with/);
        // It is somewhere, and answers, or it is gone, and watchers know.
        const where = await proxy(skynet, handle)
          .where()
          .catch((error: { code: string }) => error.code);
        if (typeof where === 'number') skynet.kill(handle);
        else expect(['ERR_SERVICE_GONE', 'ERR_NO_SERVICE']).toContain(where);
        await gone.find(() => true, 'the end of the service');
        expect(gone.all).toEqual([typeof where === 'number' ? 'killed' : 'thread-lost']);
      }
    });
  },
  120_000,
);

test('a thread is drained: what can move goes to the others, what stays is told of', async () => {
  const node = await startThreads(3);
  await node.run(async (skynet) => {
    const moving: Handle[] = [];
    for (let n = 0; n < 10; n++) moving.push(await start(skynet, 1));
    const staying = await start(skynet, 1, { has: 'nothing' });
    const report: DrainReport = await skynet.drain(1);
    expect(report.moved.map(({ handle }) => handle)).toEqual(moving);
    for (const { handle, thread, title } of report.moved) {
      expect(await skynet.call(handle, 'lua', 'where')).toBe(thread);
      expect(thread).not.toBe(1);
      expect(title).toMatch(/^snlua mover/);
    }
    expect(report.stayed).toEqual([
      {
        handle: staying,
        title: expect.stringContaining('mover'),
        code: 'ERR_MOVE',
        reason: 'handover',
        text: expect.stringContaining('hands nothing over'),
      },
    ]);
    // What is spread over the threads is not put there; what is to be there is.
    for (let n = 0; n < 6; n++) {
      const spread = await skynet.newService<Mover>({ name: 'mover', thread: 'spread' });
      expect(await proxy(skynet, spread).where()).not.toBe(1);
    }
    expect(await proxy(skynet, await start(skynet, 1)).where()).toBe(1);
    await expect(skynet.drain(3)).rejects.toThrow(code('ERR_ARGUMENT'));
  });
});

test('at the console', async () => {
  const node = await startThreads(2);
  const console = await open(node);
  await node.run(async (skynet) => {
    const handle = await start(skynet, 0);
    const address = skynet.address(handle);
    expect(await console.type(`move ${address} 1`)).toEqual(['<CMD OK>']);
    expect(await proxy(skynet, handle).where()).toBe(1);
    expect((await console.type(`move ${address} 7`)).join('\n')).toContain('threads are 0 to 1, not 7');
    expect((await console.type(`move ${address}`)).join('\n')).toContain('need the number of a thread');
    const staying = await start(skynet, 1, { has: 'nothing' });
    const drained = await console.type('drain 1');
    expect(drained.at(-1)).toBe('<CMD OK>');
    expect(drained.join('\n')).toMatch(new RegExp(`${address}\\tsnlua mover.* -> thread 0`));
    expect(drained.join('\n')).toMatch(
      new RegExp(`${skynet.address(staying)}\\tsnlua mover .* stays: ERR_MOVE .*hands nothing over`),
    );
    expect((await console.type('drain x')).at(-1)).toBe('<CMD Error>');
  });
});

import { connect, createServer } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { defineService, type Handle } from '../../src/index.ts';
import { FakeClock, forSeeds, randomFrom, startTestNode, watchLeaks } from '../../src/testing/index.ts';

test('a fake clock fires what is due in order, and lets tasks settle in between', async () => {
  const clock = new FakeClock();
  const node = await startTestNode({}, { clock, after: onTestFinished });
  const events: string[] = [];
  await node.newService(
    defineService((skynet) => {
      const note = (text: string): void => void events.push(`${skynet.now() * 10} ${text}`);
      skynet.timeout('300ms', note, 'timeout');
      skynet.interval('200ms', note, 'interval');
      skynet.fork(async () => {
        for (let i = 1; i < 4; i++) {
          await skynet.sleep('100ms');
          note(`slept ${i}`);
        }
      });
    }),
  );
  await clock.advance('90ms');
  expect(events).toEqual([]);
  await clock.advance('310ms');
  expect(events).toEqual([
    '100 slept 1',
    '200 interval',
    '200 slept 2',
    '300 timeout',
    '300 slept 3',
    '400 interval',
  ]);
  await clock.advance('1h');
  expect(events.length).toBe(6 + 3600 * 5);
});

test('deadlines of calls and the wall clock go by it', async () => {
  const clock = new FakeClock(Date.UTC(2030, 0, 1));
  const node = await startTestNode({ callTimeout: '1m' }, { clock, after: onTestFinished });
  const never = await node.newService(defineService((skynet) => ({ never: () => skynet.wait() })));
  const called = node.run(async (skynet) => {
    await expect(skynet.call(never, 'lua', 'never')).rejects.toThrow(
      expect.objectContaining({ code: 'ERR_TIMEOUT' }),
    );
    return skynet.time();
  });
  await clock.advance('1m');
  expect(await called).toBe(Date.UTC(2030, 0, 1) / 1000 + 60);
});

test('a clock or an order of a test needs a node with one thread', async () => {
  await expect(startTestNode({ thread: 2 }, { clock: new FakeClock() })).rejects.toThrow(
    expect.objectContaining({ code: 'ERR_CONFIG' }),
  );
});

/** Services that send numbered messages to each other; which order they arrive in, over all. */
async function arrivals(random: (() => number) | undefined): Promise<string[]> {
  const node = await startTestNode({}, random === undefined ? {} : { random });
  const seen: string[] = [];
  const names = ['a', 'b', 'c', 'd'];
  const handles: Handle[] = [];
  for (const name of names) {
    handles.push(
      await node.newService(
        defineService((skynet) => ({
          take: (from: string, number: number) => void seen.push(`${from}${number}>${name}`),
          go: () => {
            for (let number = 0; number < 3; number++)
              for (const to of handles) skynet.send(to, 'lua', 'take', name, number);
          },
        })),
      ),
    );
  }
  await node.run(async (skynet) => {
    for (const handle of handles) skynet.send(handle, 'lua', 'go');
    for (let round = 0; round < 3; round++)
      for (const handle of handles) await skynet.call(handle, 'debug', 'PING');
  });
  await node.stop();
  return seen;
}

test('the same seed gives the same run, another seed another legal one', async () => {
  const runs = new Map<number, string[]>();
  for (let seed = 1; seed < 8; seed++) {
    const run = await arrivals(randomFrom(seed));
    expect(await arrivals(randomFrom(seed))).toEqual(run);
    runs.set(seed, run);
    // Nothing is lost, and what one sent to another comes in the order sent.
    expect(run.toSorted()).toEqual((await arrivals(undefined)).toSorted());
    for (const from of 'abcd')
      for (const to of 'abcd')
        expect(run.filter((entry) => entry.startsWith(from) && entry.endsWith(to))).toEqual(
          [0, 1, 2].map((number) => `${from}${number}>${to}`),
        );
  }
  expect(new Set([...runs.values()].map(String)).size).toBeGreaterThan(3);
});

test('a seed that fails is named, and alone can be run again', async () => {
  const ran: number[] = [];
  const run = forSeeds(10, ({ seed }) => {
    ran.push(seed);
    if (seed === 4) throw new Error('found');
  });
  await expect(run).rejects.toThrow('seed 4 fails (again with SKYNET_SEED=4): found');
  process.env.SKYNET_SEED = '4';
  onTestFinished(() => void delete process.env.SKYNET_SEED);
  await expect(forSeeds(10, ({ seed }) => void ran.push(seed))).resolves.toBeUndefined();
  expect(ran).toEqual([1, 2, 3, 4, 4]);
});

test('what is left behind is listed', async () => {
  const node = await startTestNode({}, { after: onTestFinished });
  const check = watchLeaks(node, '1ms');
  const checkInTheEnd = watchLeaks(node);
  await check();
  const leaky = await node.newService(
    defineService((skynet) => {
      skynet.timeout('1h', () => {});
      skynet.fork(() => skynet.wait());
    }),
  );
  await node.run((skynet) => skynet.call(leaky, 'debug', 'PING'));
  const server = createServer((accepted) => accepted.on('close', () => {}).resume()).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  await expect(check()).rejects.toThrow(
    /left behind:\n.*service :\w+ snlua service\n.*task of .* waits for time or wakeup\n.*timers: 1, before 0\n.*listeners: /,
  );
  const socket = connect((server.address() as { port: number }).port, '127.0.0.1');
  await new Promise((resolve) => socket.once('connect', resolve));
  await expect(check()).rejects.toThrow(/sockets: /);
  socket.destroy();
  await new Promise((resolve) => server.close(resolve));
  await node.run((skynet) => skynet.kill(leaky));
  await checkInTheEnd();
});

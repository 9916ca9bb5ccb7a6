import { expect, test } from 'vitest';
import { defineService, type GoneEvent, type Handle } from '../../src/index.ts';
import { Happenings } from '../../src/testing/index.ts';
import { startTestNode } from '../test-node.ts';

// The threads of these nodes run the built package: `npm test` builds before it tests.

const mortal = defineService((skynet) => ({
  leave: () => skynet.exit(),
  leaveLater: (to: Handle, number: number) => {
    for (let i = 0; i < number; i++) skynet.send(to, 'lua', 'note', i);
    skynet.exit();
  },
}));

test('the end of a service is told once, with its reason', async () => {
  const node = await startTestNode();
  await node.run(async (skynet) => {
    const events = new Happenings<GoneEvent>('ends');
    const first = await skynet.newService(mortal);
    const second = await skynet.newService(mortal);
    skynet.watch(first, (event) => events.add(event));
    skynet.watch(second, (event) => events.add(event));
    skynet.watch(second, (event) => events.add(event));
    skynet.send(first, 'lua', 'leave');
    await skynet.await(events.count(1));
    skynet.kill(second);
    await skynet.await(events.count(3));
    // Watching the dead.
    skynet.watch(second, (event) => events.add(event));
    await skynet.await(events.count(4));
    expect(events.all).toEqual([
      { handle: first, reason: 'exited' },
      { handle: second, reason: 'killed' },
      { handle: second, reason: 'killed' },
      { handle: second, reason: 'unknown' },
    ]);
  });
});

test('who watches no more is told nothing, even if it was on its way', async () => {
  const node = await startTestNode();
  await node.run(async (skynet) => {
    const told: GoneEvent[] = [];
    const service = await skynet.newService(mortal);
    const stop = skynet.watch(service, (event) => told.push(event));
    const kept = new Happenings<GoneEvent>('ends');
    skynet.watch(service, (event) => kept.add(event));
    skynet.kill(service);
    stop();
    stop();
    await skynet.await(kept.count(1));
    await skynet.yield();
    expect(told).toEqual([]);
  });
});

test('a watcher that has ended is forgotten; one that throws is logged, and others are told', async () => {
  const node = await startTestNode();
  await node.run(async (skynet) => {
    const service = await skynet.newService(mortal);
    const watcher = await skynet.newService(
      defineService((own) => {
        own.watch(service, () => own.error('told after its end'));
      }),
    );
    skynet.kill(watcher);
    const events = new Happenings<GoneEvent>('ends');
    skynet.watch(service, () => {
      throw new Error('from a watcher');
    });
    skynet.watch(service, (event) => events.add(event));
    skynet.kill(service);
    await skynet.await(events.count(1));
  });
  await node.logged(/error : Error: from a watcher/);
  expect(node.log.join('\n')).not.toMatch(/told after its end/);
});

test('oneself can be watched, which tells nothing, and addresses that nobody has are refused', async () => {
  const node = await startTestNode();
  await node.run(async (skynet) => {
    skynet.watch(skynet.self(), () => {});
    const code = (expected: string) => expect.objectContaining({ code: expected });
    expect(() => skynet.watch('.nobody', () => {})).toThrow(code('ERR_NO_SERVICE'));
    expect(() => skynet.watch(0, () => {})).toThrow(code('ERR_ADDRESS_INVALID'));
    expect(() => skynet.watch(skynet.self(), 'x' as never)).toThrow(code('ERR_ARGUMENT'));
    const events = new Happenings<GoneEvent>('ends');
    skynet.watch(0x02000005, (event) => events.add(event));
    expect(await skynet.await(events.count(1))).toEqual([{ handle: 0x02000005, reason: 'unknown' }]);
  });
});

test('a failed start is told as such', async () => {
  const node = await startTestNode();
  await node.run(async (skynet) => {
    const events = new Happenings<GoneEvent>('ends');
    const parent = skynet.self();
    const child = skynet.newService(
      defineService(async (own) => {
        await own.call(parent, 'lua', 'watch', own.self());
        throw new Error('no');
      }),
    );
    skynet.dispatch('lua', {
      watch: (handle: Handle) => void skynet.watch(handle, (event) => events.add(event)),
    });
    await expect(child).rejects.toThrow(expect.objectContaining({ code: 'ERR_SERVICE_INIT' }));
    await skynet.await(events.count(1));
    expect(events.all[0]?.reason).toBe('failed');
  });
});

test('ends in other threads are told behind what came from there; a lost thread is a reason', async () => {
  const node = await startTestNode({ thread: 3, services: ['./threads/?'] });
  await node.run(async (skynet) => {
    const notes = new Happenings<unknown>('notes and ends');
    skynet.dispatch('lua', { note: (number: number) => notes.add(number) });
    const start = (thread: number) => skynet.newService({ name: 'mortal', thread });
    const [polite, killed, lost, mate] = [await start(1), await start(1), await start(2), await start(2)];
    for (const handle of [polite, killed, lost, mate])
      skynet.watch(handle, ({ reason }) => notes.add(`${handle} ${reason}`));
    skynet.send(polite, 'lua', 'leave', skynet.self(), 3);
    await skynet.await(notes.count(4));
    expect(notes.all).toEqual([0, 1, 2, `${polite} exited`]);
    skynet.kill(killed);
    await skynet.await(notes.count(5));
    skynet.send(lost, 'lua', 'crash');
    await skynet.await(notes.count(7));
    expect(notes.all.slice(4).toSorted()).toEqual(
      [`${killed} killed`, `${lost} thread-lost`, `${mate} thread-lost`].toSorted(),
    );
    // It dies while the question is under way.
    const again = await start(1);
    skynet.send(again, 'lua', 'leave', skynet.self(), 0);
    skynet.watch(again, ({ reason }) => notes.add(reason));
    expect(['exited', 'unknown']).toContain((await skynet.await(notes.count(8)))[7]);
  });
});

test('a wait for a foreign promise can be limited, and its work is told when nobody waits', async () => {
  const node = await startTestNode();
  await node.run(async (skynet) => {
    const code = (expected: string) => expect.objectContaining({ code: expected });
    const never = new Promise<never>(() => {});
    await expect(skynet.await(never, { timeout: '5ms' })).rejects.toThrow(code('ERR_TIMEOUT'));
    const controller = new AbortController();
    const aborted = skynet.await(never, { signal: controller.signal });
    controller.abort(new Error('enough'));
    await expect(aborted).rejects.toThrow(code('ERR_ABORTED'));
    await expect(skynet.await(never, { signal: controller.signal })).rejects.toThrow(code('ERR_ABORTED'));
    await expect(skynet.await(never, { timeout: 'soon' as '1s' })).rejects.toThrow(
      code('ERR_DURATION_INVALID'),
    );
    let given: AbortSignal | undefined;
    const work = (signal: AbortSignal): Promise<never> => {
      given = signal;
      return never;
    };
    await expect(skynet.await(work, { timeout: '5ms' })).rejects.toThrow(code('ERR_TIMEOUT'));
    expect(given?.aborted).toBe(true);
    const quick = (signal: AbortSignal): Promise<string> => {
      given = signal;
      return Promise.resolve('done');
    };
    expect(await skynet.await(quick, { timeout: '1s' })).toBe('done');
    expect(given?.aborted).toBe(false);
    await expect(
      skynet.await(() => {
        throw new Error('at once');
      }),
    ).rejects.toThrow('at once');
    // A task that is killed, a service that ends.
    const task = skynet.fork(() => skynet.await(work));
    await skynet.yield();
    skynet.killTask(task);
    await skynet.yield();
    expect(given?.aborted).toBe(true);
    const service = await skynet.newService(defineService((own) => void own.fork(() => own.await(work))));
    await skynet.call(service, 'debug', 'PING');
    expect(given?.aborted).toBe(false);
    skynet.kill(service);
    expect(given?.aborted).toBe(true);
    expect(skynet.stat().task).toBe(1);
  });
});

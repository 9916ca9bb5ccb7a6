import { expect, onTestFinished, test } from 'vitest';
import {
  type ChildOptions,
  defineService,
  type Handle,
  type Skynet,
  type Supervisor,
  type SupervisorOptions,
  supervise,
} from '../../src/index.ts';
import { Happenings } from '../../src/testing/index.ts';
import { startTestNode, type TestNode } from '../test-node.ts';

// The threads of these nodes run the built package: `npm test` builds before it tests.

const code = (expected: string) => expect.objectContaining({ code: expected });
const QUICK: SupervisorOptions = { backoff: { first: '1ms', longest: '2ms' } };

/** A service that supervises children which write down when they start and end. */
interface Family {
  readonly node: TestNode;
  readonly skynet: Skynet;
  readonly supervisor: Supervisor;
  readonly parent: Handle;
  /** `+a` when a has started, `-a` when it has run its exit hook. */
  readonly events: Happenings<string>;
}

async function startFamily(
  options: SupervisorOptions,
  names: readonly string[],
  more: Partial<ChildOptions> = {},
  starting: (name: string, count: number) => void = () => {},
): Promise<Family> {
  const node = await startTestNode();
  const events = new Happenings<string>('starts and ends', { context: () => node.log.join('\n') });
  const counts = new Map<string, number>();
  const childService = (name: string) =>
    defineService((own) => {
      const count = (counts.get(name) ?? 0) + 1;
      counts.set(name, count);
      starting(name, count);
      events.add(`+${name}`);
      own.onExit(() => events.add(`-${name}`));
      return { leave: () => own.exit(), self: () => own.self() };
    });
  let family: Family | undefined;
  const parent = await node.newService(
    defineService(async (skynet) => {
      const supervisor = await supervise(
        skynet,
        options,
        names.map((name) => ({ name, service: childService(name), ...more })),
      );
      family = { node, skynet, supervisor, events, parent: skynet.self() };
    }),
  );
  return { ...(family as unknown as Family), parent };
}

const handles = ({ supervisor }: Family): (Handle | undefined)[] =>
  supervisor.children().map(({ handle }) => handle);

test('children start in order and stop in reverse order, exit hooks first', async () => {
  const family = await startFamily({}, ['a', 'b', 'c']);
  expect(family.events.all).toEqual(['+a', '+b', '+c']);
  expect(family.supervisor.children()).toEqual(
    ['a', 'b', 'c'].map((name) => ({ name, handle: expect.any(Number), state: 'running', restarts: 0 })),
  );
  await family.node.run((skynet) => skynet.call(family.parent, 'debug', 'EXIT').catch(() => {}));
  expect(family.events.all).toEqual(['+a', '+b', '+c', '-c', '-b', '-a']);
});

test('when the supervising service is killed its children are', async () => {
  const family = await startFamily({}, ['a', 'b']);
  const children = handles(family);
  await family.node.run((skynet) => {
    skynet.kill(family.parent);
    for (const handle of children) expect(skynet.send(handle as Handle, 'lua', 'self')).toBeUndefined();
  });
});

test.each([
  ['one-for-one' as const, ['+b']],
  ['one-for-all' as const, ['-c', '-a', '+a', '+b', '+c']],
  ['rest-for-one' as const, ['-c', '+b', '+c']],
])('%s', async (strategy, expected) => {
  const family = await startFamily({ strategy }, ['a', 'b', 'c']);
  const before = handles(family);
  await family.node.run((skynet) => skynet.kill(before[1] as Handle));
  await family.events.count(3 + expected.length);
  expect(family.events.all.slice(3)).toEqual(expected);
  await family.node.run((skynet) => skynet.call(family.parent, 'debug', 'PING'));
  const restarted = family.supervisor.children().map(({ restarts }) => restarts);
  expect(restarted).toEqual(['a', 'b', 'c'].map((name) => (expected.includes(`+${name}`) ? 1 : 0)));
});

test('a child that ends itself is not started again, unless it is to be always', async () => {
  const polite = await startFamily({ strategy: 'one-for-all' }, ['a', 'b']);
  await polite.node.run(async (skynet) => {
    await expect(skynet.call(handles(polite)[0] as Handle, 'lua', 'leave')).rejects.toThrow(
      code('ERR_SERVICE_GONE'),
    );
    await skynet.call(polite.parent, 'debug', 'PING');
    expect(polite.supervisor.children().map(({ state }) => state)).toEqual(['ended', 'running']);
    // Not by the failure of another one either.
    skynet.kill(handles(polite)[1] as Handle);
  });
  await polite.events.count(4);
  expect(polite.events.all).toEqual(['+a', '+b', '-a', '+b']);

  const always = await startFamily({}, ['a'], { restart: 'always' });
  await always.node.run((skynet) => void skynet.send(handles(always)[0] as Handle, 'lua', 'leave'));
  await always.events.count(3);

  const never = await startFamily({}, ['a'], { restart: 'never' });
  await never.node.run(async (skynet) => {
    skynet.kill(handles(never)[0] as Handle);
    await skynet.call(never.parent, 'debug', 'PING');
  });
  expect(never.supervisor.children()[0]?.state).toBe('ended');
});

test('names are kept: each instance gets those of the child', async () => {
  const family = await startFamily({}, ['db'], { register: ['.db', 'DB'] });
  await family.node.run(async (skynet) => {
    const first = handles(family)[0];
    expect(await skynet.call('.db', 'lua', 'self')).toBe(first);
    skynet.kill(first as Handle);
    await skynet.await(family.events.count(2));
    await skynet.call(family.parent, 'debug', 'PING');
    expect(await skynet.call('DB', 'lua', 'self')).toBe(handles(family)[0]);
    expect(await skynet.call('.db', 'lua', 'self')).not.toBe(first);
  });
});

test('too many failures: all are stopped, and the supervising service fails', async () => {
  const family = await startFamily({ ...QUICK, intensity: 3, period: '10m' }, ['a', 'b']);
  const gone = new Happenings<string>('ends of the supervisor');
  await family.node.run(async (skynet) => {
    skynet.watch(family.parent, ({ reason }) => gone.add(reason));
    for (let round = 0; round < 4; round++) {
      await skynet.await(family.events.count(2 + round));
      await skynet.call(family.parent, 'debug', 'PING');
      skynet.kill(handles(family)[1] as Handle);
    }
    expect(await skynet.await(gone.count(1))).toEqual(['failed']);
  });
  expect(family.events.all).toEqual(['+a', '+b', '+b', '+b', '+b', '-a']);
  await family.node.logged(/failed: SkynetError: b failed more than 3 times within 600 s/);
});

test('a child that fails while it is started again is tried again, after a longer wait each time', async () => {
  const family = await startFamily(QUICK, ['a'], {}, (_name, count) => {
    if (count === 2 || count === 3) throw new Error(`try ${count}`);
  });
  await family.node.run((skynet) => skynet.kill(handles(family)[0] as Handle));
  await family.events.count(2);
  await family.node.logged(/child a cannot be started again: .*try 2/s);
  await family.node.logged(/child a cannot be started again: .*try 3/s);
});

test('when one of the first children cannot be started those before it are stopped', async () => {
  const started = startFamily({}, ['a', 'b', 'bad'], {}, (name) => {
    if (name === 'bad') throw new Error('bad');
  });
  await expect(started).rejects.toThrow(code('ERR_SERVICE_INIT'));
});

test('children come and go', async () => {
  const family = await startFamily({}, ['a']);
  const { supervisor } = family;
  const extra = { name: 'b', service: defineService((own) => ({ self: () => own.self() })) };
  await family.node.run(async (skynet) => {
    const handle = await skynet.await(supervisor.add(extra));
    expect(supervisor.handle('b')).toBe(handle);
    await expect(supervisor.add(extra)).rejects.toThrow(code('ERR_ARGUMENT'));
    const again = await skynet.await(supervisor.restart('b'));
    expect(again).not.toBe(handle);
    expect(supervisor.children()[1]).toMatchObject({ handle: again, restarts: 0 });
    await skynet.await(supervisor.remove('b'));
    expect(() => supervisor.handle('b')).toThrow(code('ERR_ARGUMENT'));
    expect(skynet.send(again, 'lua', 'self')).toBeUndefined();
    expect(await skynet.call(family.parent, 'debug', 'CHILDREN')).toEqual(supervisor.children());
  });
});

test('a child that does not end in time is killed', async () => {
  const node = await startTestNode();
  await node.run(async (skynet) => {
    const stubborn = defineService((own) => own.onExit(() => own.sleep('1h')));
    const supervisor = await supervise(skynet, {}, [{ name: 'a', service: stubborn, shutdown: '5ms' }]);
    const handle = supervisor.handle('a') as Handle;
    await supervisor.stop();
    expect(skynet.send(handle, 'lua')).toBeUndefined();
    await expect(supervisor.add({ name: 'b', service: stubborn })).rejects.toThrow(code('ERR_ABORTED'));
  });
});

test('options that make no sense are refused', async () => {
  const node = await startTestNode();
  await node.run(async (skynet) => {
    const refused = async (options: unknown, children: unknown): Promise<void> => {
      await expect(supervise(skynet, options as never, children as never)).rejects.toThrow(
        code('ERR_ARGUMENT'),
      );
    };
    await refused({ strategy: 'all' }, []);
    await refused({ intensty: 3 }, []);
    await refused({ period: 'soon' }, []);
    await refused({}, [{ name: 'a' }]);
    await refused({}, [{ service: 'echo' }]);
    await refused({}, [{ name: 'a', service: 'echo', restart: 'sometimes' }]);
    await refused({}, [
      { name: 'a', service: 'echo' },
      { name: 'a', service: 'echo' },
    ]);
  });
});

test('children that are lost with their thread are started again', async () => {
  const node = await startTestNode({ thread: 2, services: ['./threads/?'] });
  await node.run(async (skynet) => {
    const ready = new Happenings<string>('notes');
    skynet.dispatch('lua', { note: () => ready.add('note') });
    const supervisor = await supervise(skynet, QUICK, [
      { name: 'a', service: 'mortal', thread: 1, register: ['.a', 'A'] },
      { name: 'b', service: 'mortal', thread: 0 },
    ]);
    const first = supervisor.handle('a') as Handle;
    skynet.send(first, 'lua', 'crash');
    await skynet.await(node.logged(/child a .* is gone \(thread-lost\)/));
    for (;;) {
      const handle = supervisor.handle('a');
      if (handle !== undefined && handle !== first) break;
      await skynet.sleep('10ms');
    }
    await skynet.call('.a', 'debug', 'PING');
    skynet.send('A', 'lua', 'leave', skynet.self(), 1);
    await skynet.await(ready.count(1));
    await skynet.await(supervisor.stop());
  });
  onTestFinished(() => node.stop());
});

import assert from 'node:assert/strict';
import {
  defineService,
  type Handle,
  isSkynetError,
  type Request,
  type ServiceDefinition,
} from '@skynet/core';
import { Happenings, type TestNode, type TestRunner } from '@skynet/core/testing';
import { createMesh } from '../mesh/mesh.ts';
import { outcomeOf } from './outcome.ts';

/** What a node of the suite is to be given. */
export interface LinkNodeOptions {
  /** Id of the node: 1 starts first. */
  readonly id: number;
  /** Bytes that may be under way to it from each other one. */
  readonly credit: number;
  /** Bytes that may wait in it for each other one. */
  readonly maxWaiting: number;
}

/** What is tested: nodes, and the links between them. Made anew for every test. */
export interface LinkFixture {
  /** Starts a node in the mesh of this fixture. The suite stops it. */
  start(options: LinkNodeOptions): Promise<TestNode>;
  /** Breaks the links that there are now, while the nodes live. Without it those tests are left out. */
  readonly cut?: (() => void) | undefined;
  /** Lets nothing pass over the links from now on, without breaking them. Without it those tests are left out. */
  readonly hold?: (() => void) | undefined;
  /** Lets everything pass again. */
  readonly release?: (() => void) | undefined;
  dispose?(): Promise<void> | void;
}

/** What of a fixture there is not for every link. */
export interface LinkAbilities {
  /** The fixture has `cut`. */
  readonly cut?: boolean;
  /** The fixture has `hold` and `release`. */
  readonly hold?: boolean;
}

/** Text that travels in parts. */
const LARGE = 'x'.repeat(300_000);
const CREDIT = 1 << 18;
const MAX_WAITING = 16 << 20;
const PATIENCE = '30s';

/** Everything that a message can hold, as it is to arrive. */
const VALUES: readonly unknown[] = [
  null,
  undefined,
  true,
  -0,
  1.5,
  Number.NaN,
  2 ** 53,
  5n,
  -(2n ** 80n),
  '',
  'äöü 中 😀',
  '\ud800',
  new Uint8Array([1, 2, 3]),
  Buffer.from('bytes'),
  [],
  [1, [undefined, null]],
  {},
  { a: undefined, b: { c: [] } },
  Object.fromEntries([['__proto__', 1]]),
  new Map<unknown, unknown>([
    [1, 'one'],
    [{ key: 1 }, new Map()],
  ]),
];

/** A service that tells the test what it gets. */
function echoing(got: (value: unknown) => void): ServiceDefinition {
  return defineService((skynet) => ({
    echo: (...values: unknown[]) => values,
    add: (value: unknown) => got(value),
    never(this: Request) {
      this.response();
    },
    fail: () => {
      throw new RangeError('as it was told', { cause: new Error('the cause') });
    },
    left: () => skynet.deadline(),
    exit: () => skynet.exit(),
    /** Sends, and answers behind that. */
    pushes(to: Handle, count: number) {
      for (let i = 0; i < count; i++) skynet.send(to, 'lua', 'add', i);
      return 'pushed';
    },
    /** Waits for another service. */
    waits: (to: Handle) => outcomeOf(skynet.call(to, 'lua', 'never')),
  })) as ServiceDefinition;
}

/** Two connected nodes, a service in the second, and what that one got. */
interface World {
  readonly one: TestNode;
  readonly two: TestNode;
  readonly echo: Handle;
  readonly got: Happenings<unknown>;
  readonly fixture: LinkFixture;
  /** How a call from node one to the service ends. */
  call(...values: [string, ...unknown[]]): Promise<unknown>;
}

async function inWorld(make: () => LinkFixture, work: (world: World) => Promise<void>): Promise<void> {
  const fixture = make();
  const nodes: TestNode[] = [];
  try {
    for (const id of [1, 2]) nodes.push(await fixture.start({ id, credit: CREDIT, maxWaiting: MAX_WAITING }));
    const [one, two] = nodes as [TestNode, TestNode];
    await connected(one, two);
    const got = new Happenings<unknown>('messages', { patience: PATIENCE });
    const echo = await two.newService(echoing((value) => got.add(value)));
    const call = (...values: [string, ...unknown[]]): Promise<unknown> =>
      one.run((skynet) => outcomeOf(skynet.call(echo, 'lua', ...values)));
    await work({ one, two, echo, got, fixture, call });
  } finally {
    // What is held would keep them from going.
    fixture.release?.();
    for (const node of nodes.reverse()) await node.stop();
    await fixture.dispose?.();
  }
}

async function connected(one: TestNode, two: TestNode): Promise<void> {
  await one.run((skynet) => createMesh(skynet).connect(2));
  await two.run((skynet) => createMesh(skynet).connect(1));
}

const upTo = (count: number): number[] => Array.from({ length: count }, (_, i) => i);

/**
 * Tests what any link between nodes of a mesh promises: all values, order, at most once, parts that let others pass, deadlines,
 * bounded memory for a node that takes nothing, and that every call ends, whatever becomes of the link.
 *
 * @example
 * linkCompliance('of mine', () => ({ start: (options) => startMyNode(options) }), { describe, it });
 */
export function linkCompliance(
  name: string,
  make: () => LinkFixture,
  { describe, it }: TestRunner,
  abilities: LinkAbilities = {},
): void {
  const test = (title: string, work: (world: World) => Promise<void>): void =>
    void it(title, () => inWorld(make, work));

  describe(`a link ${name}`, () => {
    test('carries every value as it was sent, both ways', async ({ one, two, echo }) => {
      const back = await one.newService(echoing(() => {}));
      assert.deepStrictEqual(await one.run((skynet) => skynet.call(echo, 'lua', 'echo', ...VALUES)), VALUES);
      assert.deepStrictEqual(await two.run((skynet) => skynet.call(back, 'lua', 'echo', ...VALUES)), VALUES);
    });

    test('refuses at the sender what no message can hold, and goes on', async ({ call }) => {
      for (const value of [Symbol('no'), () => {}, new Date(), { deep: { down: new Set() } }]) {
        assert.equal(await call('echo', { first: 1, value }), 'ERR_UNSERIALIZABLE');
        assert.deepEqual(await call('echo', { first: 1, value: 2 }), { answered: [{ first: 1, value: 2 }] });
      }
    });

    test('tells why a call failed', async ({ one, echo }) => {
      const error: unknown = await one.run((skynet) =>
        skynet.call(echo, 'lua', 'fail').catch((thrown: unknown) => thrown),
      );
      assert.ok(isSkynetError(error, 'ERR_REMOTE'), String(error));
      assert.match(error.message, /as it was told/);
      assert.match(String(error.stack), /RangeError|as it was told/);
    });

    test('keeps the order of two services, small and large, each message once', async ({
      one,
      echo,
      got,
    }) => {
      const count = 400;
      await one.run((skynet) => {
        for (const i of upTo(count)) skynet.send(echo, 'lua', 'add', i, i % 40 === 3 ? LARGE : '');
      });
      assert.deepEqual(await got.count(count), upTo(count));
      // Nothing comes twice: what is asked comes behind it.
      await one.run((skynet) => skynet.call(echo, 'lua', 'echo'));
      assert.equal(got.all.length, count);
    });

    test('keeps it while both sides send', async ({ one, two, echo, got }) => {
      const other = new Happenings<unknown>('messages the other way', { patience: PATIENCE });
      const back = await one.newService(echoing((value) => other.add(value)));
      const count = 1000;
      const send = (node: TestNode, to: Handle): Promise<void> =>
        node.run((skynet) => {
          for (const i of upTo(count)) skynet.send(to, 'lua', 'add', i, 'x'.repeat(i));
        });
      await Promise.all([send(one, echo), send(two, back)]);
      assert.deepEqual(await got.count(count), upTo(count));
      assert.deepEqual(await other.count(count), upTo(count));
    });

    test('brings an answer behind what was sent before it', async ({ one, echo }) => {
      const other = new Happenings<unknown>('pushed messages', { patience: PATIENCE });
      const back = await one.newService(
        defineService((skynet) => ({
          add: (value: unknown) => other.add(value),
          begin: async (count: number) => {
            other.add(await skynet.call(echo, 'lua', 'pushes', skynet.self(), count));
          },
        })) as ServiceDefinition,
      );
      await one.run((skynet) => skynet.call(back, 'lua', 'begin', 50));
      assert.deepEqual(await other.count(51), [...upTo(50), 'pushed']);
    });

    test('lets the messages of others pass what is large', async ({ one, two, echo, got }) => {
      const other = await two.newService(echoing((value) => got.add(value)));
      await one.run(async (skynet) => {
        skynet.send(echo, 'lua', 'add', 'large', 'y'.repeat(8_000_000));
        // It is under way.
        await skynet.call(other, 'lua', 'echo');
        skynet.send(other, 'lua', 'add', 'small');
      });
      assert.deepEqual(await got.count(2), ['small', 'large']);
    });

    test('carries many large messages at the same time', async ({ one, echo }) => {
      const results = await one.run((skynet) =>
        Promise.all(upTo(20).map((i) => skynet.call<[number, string]>(echo, 'lua', 'echo', i, LARGE))),
      );
      for (const [i, [number, text]] of results.entries()) {
        assert.equal(number, i);
        assert.equal(text, LARGE);
      }
    });

    test('limits what is done for a call by its deadline, and ends it with its signal', async ({
      one,
      two,
      echo,
      call,
    }) => {
      assert.deepEqual(await call('left'), { answered: undefined });
      const left = await one.run((skynet) =>
        skynet.call<number>({ to: echo, timeout: '40s' }, 'lua', 'left'),
      );
      assert.ok(left > 0 && left <= 4001, String(left));
      // The second service waits for a third only as long as the first does.
      const third = await two.newService(echoing(() => {}));
      const stop = new AbortController();
      const ends = await one.run(async (skynet) => {
        const late = outcomeOf(skynet.call({ to: echo, timeout: '200ms' }, 'lua', 'never'));
        const given = outcomeOf(skynet.call({ to: echo, signal: stop.signal }, 'lua', 'waits', third));
        while (((await skynet.call(echo, 'debug', 'TASK')) as unknown[]).length === 0)
          await skynet.sleep('1ms');
        stop.abort();
        return Promise.all([late, given]);
      });
      assert.deepEqual(ends, ['ERR_TIMEOUT', 'ERR_ABORTED']);
      // Its task is gone there, too.
      await one.run(async (skynet) => {
        while (((await skynet.call(echo, 'debug', 'TASK')) as unknown[]).length > 0)
          await skynet.sleep('1ms');
      });
    });

    test('tells of services that end, and fails the calls to them', async ({ one, two, echo, call }) => {
      const ended = new Happenings<unknown>('ends', { patience: PATIENCE });
      const doomed = await two.newService(echoing(() => {}));
      await one.newService(
        defineService((skynet) => {
          for (const handle of [echo, doomed]) skynet.watch(handle, ({ reason }) => ended.add(reason));
        }),
      );
      const pending = call('never');
      await call('echo');
      await one.run((skynet) => void skynet.send(echo, 'lua', 'exit'));
      assert.equal(await pending, 'ERR_SERVICE_GONE');
      assert.equal(await call('echo'), 'ERR_SERVICE_GONE');
      assert.deepEqual(await ended.count(1), ['exited']);
      await two.run((skynet) => skynet.kill(doomed));
      assert.deepEqual(await ended.count(2), ['exited', 'killed']);
    });

    test('fails what is under way when the other node goes, and what is called later', async ({
      one,
      two,
      echo,
      call,
    }) => {
      const ended = new Happenings<unknown>('ends', { patience: PATIENCE });
      await one.newService(
        defineService((skynet) => {
          skynet.watch(echo, ({ reason }) => ended.add(reason));
        }),
      );
      const pending = [call('never'), call('never', LARGE)];
      await call('echo');
      await two.stop();
      const ends = await Promise.all(pending);
      for (const end of ends) assert.match(String(end), /^ERR_(NODE_LOST|SERVICE_GONE)$/);
      assert.match(String(await call('echo')), /^ERR_(NODE_LOST|SERVICE_GONE)$/);
      const [reason] = await ended.count(1);
      assert.match(String(reason), /^(node-lost|stopped|killed|exited)$/);
    });

    if (abilities.cut === true)
      test('that breaks ends every call, loses a part and repeats nothing, and is made anew', async ({
        one,
        two,
        echo,
        got,
        fixture,
        call,
      }) => {
        let sent = 0;
        for (let round = 0; round < 3; round++) {
          const [first, ...rest] = await one.run((skynet) => {
            const all = [
              outcomeOf(skynet.call(echo, 'lua', 'never')),
              outcomeOf(skynet.call(echo, 'lua', 'echo', LARGE)),
            ];
            for (let i = 0; i < 200; i++) {
              skynet.send(echo, 'lua', 'add', sent++, i % 20 === 0 ? LARGE : '');
              all.push(outcomeOf(skynet.call(echo, 'lua', 'echo', i)));
            }
            // The turn ends first, so that frames leave.
            setImmediate(() => fixture.cut?.());
            return Promise.all(all);
          });
          assert.equal(first, 'ERR_NODE_LOST');
          for (const end of rest) if (typeof end === 'string') assert.equal(end, 'ERR_NODE_LOST');
          await connected(one, two);
          assert.deepEqual(await call('echo', round), { answered: [round] });
        }
        const numbers = got.all as number[];
        assert.ok(numbers.length <= sent);
        for (const [i, number] of numbers.entries())
          if (i > 0) assert.ok(number > (numbers[i - 1] as number), `${number} after ${numbers[i - 1]}`);
      });

    if (abilities.hold === true)
      test('holds no more than it may for a node that takes nothing, and loses nothing of that', async ({
        one,
        echo,
        got,
        fixture,
        call,
      }) => {
        fixture.hold?.();
        const text = 'x'.repeat(10_000);
        const results = await one.run(async (skynet) => {
          const all: Promise<unknown>[] = [];
          for (let i = 0; i < 3000; i++) {
            all.push(outcomeOf(skynet.call(echo, 'lua', 'add', i, text)));
            // The turn ends, so that frames leave.
            if (i % 50 === 0) await skynet.sleep(0);
          }
          fixture.release?.();
          return Promise.all(all);
        });
        const taken = results.flatMap((end, i) => (typeof end === 'object' ? [i] : []));
        const refused = results.filter((end) => end === 'ERR_OVERLOADED').length;
        assert.equal(taken.length + refused, results.length);
        assert.ok(refused > 0, 'some are refused');
        assert.ok(taken.length * text.length <= 2 * (MAX_WAITING + CREDIT), `${taken.length} are taken`);
        assert.deepEqual(got.all, taken);
        assert.deepEqual(await call('echo', 'again'), { answered: ['again'] });
      });
  });
}

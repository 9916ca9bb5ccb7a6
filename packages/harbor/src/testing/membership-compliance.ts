import assert from 'node:assert/strict';
import { defineService, type Handle, isSkynetError, type ServiceDefinition } from '@skynet/core';
import type { TestNode, TestRunner } from '@skynet/core/testing';
import { createMesh } from '../mesh/mesh.ts';
import { outcomeOf } from './outcome.ts';

/** What is tested: who is in a network, and who has which name. Made anew for every test. */
export interface MembershipFixture {
  /** Starts a node in the network of this fixture; node 1 is started first. The suite stops it. */
  start(id: number): Promise<TestNode>;
  dispose?(): Promise<void> | void;
}

/** What is not the same in every network. */
export interface MembershipAbilities {
  /** Of those that claim a name at the same moment one gets it, and the others are told: `createMesh(skynet).claimName`. */
  readonly claims?: boolean;
  /** Names of a node that is gone are free. In the original's network they are not: its nodes never forget a name. */
  readonly frees?: boolean;
}

/** Milliseconds between two looks at what is to become true. */
const LOOK = '20ms';

/** A service that says which one it is, with a name perhaps. */
function naming(mark: string, name?: string): ServiceDefinition {
  return defineService((skynet) => {
    if (name !== undefined) skynet.register(name);
    return { mark: () => mark };
  }) as ServiceDefinition;
}

/** The same; it takes the name as soon as that is free. */
function taking(mark: string, name: string): ServiceDefinition {
  return defineService(async (skynet) => {
    for (let isTaken = false; !isTaken; ) {
      try {
        skynet.register(name);
        isTaken = true;
      } catch (error) {
        if (!isSkynetError(error, 'ERR_NAME_TAKEN')) throw error;
        await skynet.sleep(LOOK);
      }
    }
    return { mark: () => mark };
  }) as ServiceDefinition;
}

class World {
  readonly #fixture: MembershipFixture;
  readonly nodes: TestNode[] = [];

  constructor(fixture: MembershipFixture) {
    this.#fixture = fixture;
  }

  async start(...ids: number[]): Promise<void> {
    for (const id of ids) this.nodes.push(await this.#fixture.start(id));
  }

  /** Starts a node that is not to come in. */
  async refused(id: number): Promise<unknown> {
    try {
      this.nodes.push(await this.#fixture.start(id));
      return undefined;
    } catch (error) {
      return error;
    }
  }

  async stop(node: TestNode): Promise<void> {
    this.nodes.splice(this.nodes.indexOf(node), 1);
    await node.stop();
  }

  /** What all nodes find under a name, as soon as each finds that. */
  async allFind(name: string, handle: Handle): Promise<void> {
    for (const node of this.nodes)
      await node.run(async (skynet) => {
        while ((await skynet.queryName(name)) !== handle) await skynet.sleep(LOOK);
      });
  }

  async dispose(): Promise<void> {
    for (const node of this.nodes.reverse()) await node.stop();
    await this.#fixture.dispose?.();
  }
}

/**
 * Tests what any network promises of membership and names: a name that is asked for is waited for, it has one owner in the eyes
 * of all, the id of a node that is gone is free, and so are its names; what is told in an order is heard in it.
 *
 * @example
 * membershipCompliance('of mine', () => ({ start: (id) => startMyNode(id) }), { describe, it });
 */
export function membershipCompliance(
  name: string,
  make: () => MembershipFixture,
  { describe, it }: TestRunner,
  abilities: MembershipAbilities = {},
): void {
  const test = (title: string, work: (world: World) => Promise<void>): void =>
    void it(title, async () => {
      const world = new World(make());
      try {
        await work(world);
      } finally {
        await world.dispose();
      }
    });

  describe(`membership ${name}`, () => {
    test('a name is waited for, and found by all, those that come later too', async (world) => {
      await world.start(1, 2);
      const [one, two] = world.nodes as [TestNode, TestNode];
      const asked = world.nodes.map((node) => node.run((skynet) => skynet.queryName('späte-rose')));
      const handle = await two.newService(naming('two', 'späte-rose'));
      assert.deepEqual(await Promise.all(asked), [handle, handle]);
      await world.start(3);
      await world.allFind('späte-rose', handle);
      for (const node of [one, ...world.nodes])
        assert.deepEqual(await node.run((skynet) => outcomeOf(skynet.call('späte-rose', 'lua', 'mark'))), {
          answered: 'two',
        });
    });

    test('names are heard of in the order in which a node gives them', async (world) => {
      await world.start(1, 2);
      const [one, two] = world.nodes as [TestNode, TestNode];
      const last = one.run((skynet) => skynet.queryName('n19'));
      const given: Handle[] = [];
      for (let i = 0; i < 20; i++) given.push(await two.newService(naming(`${i}`, `n${i}`)));
      assert.equal(await last, given[19]);
      assert.deepEqual(
        await one.run(async (skynet) => {
          const found: (Handle | undefined)[] = [];
          for (let i = 0; i < 20; i++) found.push(await skynet.queryName(`n${i}`));
          return found;
        }),
        given,
      );
    });

    test('of those that want one name at the same moment one has it, in the eyes of all', async (world) => {
      await world.start(1, 2, 3);
      const handles = await Promise.all(world.nodes.map((node, i) => node.newService(naming(`${i}`))));
      await Promise.all(
        world.nodes.map((node, i) =>
          node.run((skynet) => {
            try {
              skynet.nameService('one', handles[i] as Handle);
            } catch (error) {
              // It has heard of another one by then.
              if (!isSkynetError(error, 'ERR_NAME_TAKEN')) throw error;
            }
          }),
        ),
      );
      const found = async (): Promise<(Handle | undefined)[]> =>
        Promise.all(world.nodes.map((node) => node.run((skynet) => skynet.queryName('one'))));
      let owners = await found();
      while (new Set(owners).size > 1) {
        await world.nodes[0]?.run((skynet) => skynet.sleep(LOOK));
        owners = await found();
      }
      assert.ok(handles.includes(owners[0] as Handle), `${owners[0]} is one of ${handles}`);
    });

    if (abilities.claims === true)
      test('of those that claim one name at the same moment the others are told', async (world) => {
        await world.start(1, 2, 3);
        const handles = await Promise.all(world.nodes.map((node, i) => node.newService(naming(`${i}`))));
        const ends = await Promise.all(
          world.nodes.map((node, i) =>
            node.run((skynet) => outcomeOf(createMesh(skynet).claimName('one', handles[i] as Handle))),
          ),
        );
        assert.equal(ends.filter((end) => end === 'ERR_NAME_TAKEN').length, 2, String(ends));
        await world.allFind('one', handles[ends.findIndex((end) => end !== 'ERR_NAME_TAKEN')] as Handle);
      });

    test('an id in use is refused, and its owner goes on', async (world) => {
      await world.start(1, 2);
      const [one, two] = world.nodes as [TestNode, TestNode];
      const handle = await two.newService(naming('first', 'kept'));
      const why = await world.refused(2);
      assert.ok(isSkynetError(why), `refused with a code: ${String(why)}`);
      assert.match(why.code, /^ERR_(MESH_ID_TAKEN|HARBOR_REFUSED)$/);
      await world.allFind('kept', handle);
      assert.deepEqual(await one.run((skynet) => outcomeOf(skynet.call(handle, 'lua', 'mark'))), {
        answered: 'first',
      });
    });

    test('when a node is gone calls to it fail, and its id is free', async (world) => {
      await world.start(1, 2, 3);
      const [one, two] = world.nodes as [TestNode, TestNode];
      const before = await two.newService(naming('before', 'shared'));
      await world.allFind('shared', before);
      await world.stop(two);
      for (const node of world.nodes)
        assert.match(
          String(await node.run((skynet) => outcomeOf(skynet.call(before, 'lua', 'mark')))),
          /^ERR_(NODE_LOST|SERVICE_GONE)$/,
        );
      await world.start(2);
      const fresh = await (world.nodes.at(-1) as TestNode).newService(naming('fresh', 'new'));
      await world.allFind('new', fresh);
      assert.equal(fresh >>> 24, 2);
      assert.deepEqual(await one.run((skynet) => outcomeOf(skynet.call('new', 'lua', 'mark'))), {
        answered: 'fresh',
      });
    });

    if (abilities.frees === true)
      test('the names of a node that is gone are free, and found where they are given next', async (world) => {
        await world.start(1, 2, 3);
        const [, two, three] = world.nodes as [TestNode, TestNode, TestNode];
        await world.allFind('shared', await two.newService(naming('before', 'shared')));
        await world.stop(two);
        const after = await three.newService(taking('after', 'shared'));
        await world.allFind('shared', after);
        await world.start(2);
        await world.allFind('shared', after);
      });
  });
}

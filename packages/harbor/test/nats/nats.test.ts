import { type Handle, isSkynetError } from '@skynet/core';
import { createMulticast } from '@skynet/core/multicast';
import { Happenings, type TestNode } from '@skynet/core/testing';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type NatsServer, natsMissing, startNats } from '../../../../test/nats.ts';
import { createMesh, nats } from '../../src/nats.ts';
import { calling, codeOf, echoIn, VALUES } from '../calls.ts';
import { newMesh, onServer, startNodes, startPeer, why } from './nodes.ts';

let server: NatsServer;
beforeAll(async () => {
  if (natsMissing === undefined) server = await startNats();
});
afterAll(() => server?.stop());

const options = (): { mesh: string; servers: string } => ({ mesh: newMesh(), servers: server.url });

describe.each([
  { way: 'directly', direct: true, thread: 1 },
  { way: 'directly', direct: true, thread: 3 },
  { way: 'over subjects', direct: false, thread: 1 },
  { way: 'over subjects', direct: false, thread: 3 },
])('two nodes with $thread threads, $way', ({ direct, thread }) => {
  onServer(`call each other with all the values of a node${why}`, async () => {
    const [one, two] = (await startNodes(2, { ...options(), direct }, { thread })) as [TestNode, TestNode];
    const first = await echoIn(one, 'first');
    const second = await two.run((skynet) =>
      skynet.newService({ name: 'echo', thread: thread - 1 }, 'second'),
    );
    expect([first >>> 24, second >>> 24]).toEqual([1, 2]);
    for (const [node, to] of [
      [one, second],
      [two, first],
    ] as const)
      expect(await node.run((skynet) => skynet.call(to, 'lua', 'echo', ...VALUES))).toStrictEqual(VALUES);
    expect(await one.run((skynet) => skynet.queryName('second'))).toBe(second);
    expect(await one.run((skynet) => skynet.call('second', 'lua', 'call', first, 'echo', 2))).toEqual([2]);
    expect(one.log.some((line) => line.includes('is lost'))).toBe(false);
  });

  onServer(`messages come in the order of sending, small and large${why}`, async () => {
    const [one, two] = (await startNodes(2, { ...options(), direct }, { thread })) as [TestNode, TestNode];
    const second = await echoIn(two, 'second');
    const count = 300;
    const large = 'x'.repeat(100_000);
    const got = await one.run(async (skynet) => {
      await skynet.queryName('second');
      for (let i = 0; i < count; i++)
        skynet.send(i % 2 === 0 ? second : 'second', 'lua', 'add', i, i % 50 === 7 ? large : '');
      return skynet.call(second, 'lua', 'got');
    });
    expect(got).toEqual(Array.from({ length: count }, (_, i) => i));
    // More than any packet can have.
    const bytes = (await one.run((skynet) => skynet.call(second, 'lua', 'bytes', 5_000_000))) as Uint8Array;
    expect(bytes.length).toBe(5_000_000);
  });

  onServer(`errors come with code and text, and ends of services with their reason${why}`, async () => {
    const [one, two] = (await startNodes(2, { ...options(), direct }, { thread })) as [TestNode, TestNode];
    const second = await echoIn(two);
    const error = await one.run((skynet) =>
      skynet.call(second, 'lua', 'boom').catch((thrown: unknown) => thrown),
    );
    expect(isSkynetError(error)).toBe(true);
    expect((error as Error).message).toMatch(/boom/);
    expect(await calling(one, second, 'unknown')).toBe('ERR_UNKNOWN_COMMAND');
    const told = one.run(
      (skynet) =>
        new Promise((resolve) => {
          skynet.watch(second, ({ reason }) => resolve(reason));
        }),
    );
    await calling(one, second, 'echo');
    await two.run((skynet) => skynet.kill(second));
    expect(await told).toBe('killed');
    expect(await calling(one, second, 'echo')).toBe('ERR_SERVICE_GONE');
  });
});

describe('three nodes', () => {
  onServer(`know each other, whoever starts first${why}`, async () => {
    const nodes = await startNodes(3, options());
    for (const node of nodes) {
      const all = await node.run((skynet) => createMesh(skynet).nodes());
      expect(all.map(({ id }) => id)).toEqual([1, 2, 3]);
    }
  });

  onServer(`queryName waits until a name is given, anywhere${why}`, async () => {
    const [one, two, three] = (await startNodes(3, options())) as [TestNode, TestNode, TestNode];
    const asked = [one, two].map((node) => node.run((skynet) => skynet.queryName('später:@x')));
    const handle = await echoIn(three, 'später:@x');
    expect(await Promise.all(asked)).toEqual([handle, handle]);
    expect(await calling(one, 'später:@x', 'echo', 1)).toEqual({ answered: [1] });
  });

  onServer(`one that stops: calls to it fail at once, names go, the id is free${why}`, async () => {
    const given = options();
    const [one, two] = (await startNodes(3, given)) as [TestNode, TestNode, TestNode];
    const second = await echoIn(two, 'second');
    await one.run((skynet) => skynet.queryName('second'));
    const pending = calling(one, second, 'never');
    await calling(one, second, 'echo');
    await two.stop();
    expect(await pending).toBe('ERR_NODE_LOST');
    expect(await calling(one, second, 'echo')).toBe('ERR_NODE_LOST');
    expect(await calling(one, 'second', 'echo')).toBe('ERR_NODE_LOST');
    const again = await startPeer({ ...given, id: 2 });
    await one.run((skynet) => createMesh(skynet).connect(2));
    const fresh = await echoIn(again, 'second');
    expect(await one.run((skynet) => skynet.queryName('second'))).toBe(fresh);
    expect(await calling(one, fresh, 'echo', 1)).toEqual({ answered: [1] });
    expect(fresh).not.toBe(second);
  });

  onServer(`a unique service is there once, and again when its node is gone${why}`, async () => {
    const nodes = await startNodes(3, options());
    const unique = (list: readonly TestNode[]): Promise<Handle[]> =>
      Promise.all(list.map((node) => node.run((skynet) => skynet.uniqueService(true, 'echo'))));
    const found = await unique(nodes);
    expect(new Set(found).size).toBe(1);
    const id = (found[0] as Handle) >>> 24;
    await (nodes[id - 1] as TestNode).stop();
    const left = nodes.filter((_, i) => i !== id - 1);
    await Promise.all(left.map((node) => node.run((skynet) => createMesh(skynet).link(id))));
    const anew = await unique(left);
    expect(new Set(anew).size).toBe(1);
    expect((anew[0] as Handle) >>> 24).not.toBe(id);
  });

  onServer(`of those that want one name at the same moment one gets it${why}`, async () => {
    const nodes = await startNodes(3, options());
    const handles = await Promise.all(nodes.map((node) => echoIn(node)));
    const codes = await Promise.all(
      nodes.map((node, i) =>
        node.run((skynet) => codeOf(createMesh(skynet).claimName('one', handles[i] as Handle))),
      ),
    );
    expect(codes.filter((code) => code === 'ERR_NAME_TAKEN')).toHaveLength(2);
    const winner = handles[codes.findIndex((code) => code !== 'ERR_NAME_TAKEN')];
    for (const node of nodes) expect(await node.run((skynet) => skynet.queryName('one'))).toBe(winner);
  });

  onServer(`what is published in one is heard in all${why}`, async () => {
    const nodes = await startNodes(3, options());
    const [one] = nodes as [TestNode];
    const channel = await one.run(async (skynet) => (await createMulticast(skynet).new()).channel);
    const subscribed = new Happenings<TestNode>('nodes that have subscribed');
    // Who listens lives until it has heard.
    const heard = nodes.map((node) =>
      node.run(async (skynet) => {
        let told = (_: unknown): void => {};
        const all = new Promise<unknown>((resolve) => {
          told = resolve;
        });
        const bound = createMulticast(skynet).bind(channel, {
          dispatch: (_, __, ...values) => told(values),
        });
        await bound.subscribe();
        subscribed.add(node);
        return skynet.await(all);
      }),
    );
    for (const node of nodes) await subscribed.find((other) => other === node, 'that a node has subscribed');
    await one.run((skynet) => createMulticast(skynet).bind(channel).publish('a', 1));
    expect(await Promise.all(heard)).toEqual(nodes.map(() => ['a', 1]));
  });
});

describe('who may come in', () => {
  onServer(`of two that want one id at the same moment one gets it${why}`, async () => {
    const given = options();
    const both = await Promise.allSettled([startPeer({ ...given, id: 2 }), startPeer({ ...given, id: 2 })]);
    expect(both.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    const failed = both.find((result) => result.status === 'rejected') as PromiseRejectedResult;
    expect(isSkynetError(failed.reason, 'ERR_MESH_ID_TAKEN')).toBe(true);
  });

  onServer.each([true, false])(
    `nodes with another key are not talked to: directly, %s${why}`,
    async (direct) => {
      const given = { ...options(), direct };
      const one = await startPeer({ ...given, id: 1, key: 'secret' });
      const two = await startPeer({ ...given, id: 2, key: 'wrong' });
      const echo = await echoIn(two);
      expect(await calling(one, echo, 'echo')).toBe('ERR_NODE_LOST');
      await one.logged(/the shared key is not the same on both sides/);
    },
  );

  onServer(`several meshes share a server${why}`, async () => {
    const a = await startPeer({ ...options(), id: 1 });
    const b = await startPeer({ ...options(), id: 1 });
    await echoIn(a, 'name');
    const other = await echoIn(b, 'name');
    expect(await b.run((skynet) => skynet.queryName('name'))).toBe(other);
  });

  test('without a server a node gives up and says so', async () => {
    const failed = await startPeer({ id: 1, servers: '127.0.0.1:1', joinTimeout: '300ms' }).catch(
      (error: unknown) => error,
    );
    expect(isSkynetError(failed, 'ERR_MESH_UNREACHABLE')).toBe(true);
    expect((failed as Error).message).toMatch(/127\.0\.0\.1:1/);
  });

  test.each([
    [{ id: 0 }, 'id'],
    [{}, 'id'],
    [{ id: 1, servers: [] }, 'servers'],
    [{ id: 1, servers: 7 }, 'servers'],
    [{ id: 1, mesh: 'a b' }, 'mesh'],
    [{ id: 1, lease: '10ms' }, 'lease'],
    [{ id: 1, replicas: 2 }, 'replicas'],
    [{ id: 1, onIsolated: 'die' }, 'onIsolated'],
    [{ id: 1, sevrers: 'x' }, 'sevrers'],
  ])('options that cannot be used are refused: %j', (given, key) => {
    let thrown: unknown;
    try {
      nats(given as never);
    } catch (error) {
      thrown = error;
    }
    expect(isSkynetError(thrown, 'ERR_ARGUMENT') && thrown.details?.['key']).toBe(key);
  });
});

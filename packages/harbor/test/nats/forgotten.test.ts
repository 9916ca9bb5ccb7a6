import { Kvm } from '@nats-io/kv';
import { connect } from '@nats-io/transport-node';
import { createMulticast } from '@skynet/core/multicast';
import { Happenings, type TestNode } from '@skynet/core/testing';
import { describe, expect } from 'vitest';
import type { NatsServer } from '../../../../test/nats.ts';
import { createMesh } from '../../src/nats.ts';
import { calling, codeOf, echoIn } from '../calls.ts';
import { allConnected, newMesh, onServer, ownServer, startNodes, startPeer, why } from './nodes.ts';

// NATS has forgotten a mesh whose nodes are there: they make themselves and their names known again, and go on.

const LAST = 'last';

/** What a node hears on a channel, until it hears the last; `subscribed` is called when it listens. */
function hears(node: TestNode, channel: number, subscribed: () => void): Promise<unknown[]> {
  return node.run(async (skynet) => {
    const heard: unknown[] = [];
    let end = (): void => {};
    const ended = new Promise<void>((resolve) => {
      end = resolve;
    });
    const bound = createMulticast(skynet).bind(channel, {
      dispatch: (_, __, ...[value]) => {
        heard.push(value);
        if (value === LAST) end();
      },
    });
    await bound.subscribe();
    subscribed();
    await skynet.await(ended);
    return heard;
  });
}

const keyOf = (name: string): string => `name.${Buffer.from(name).toString('hex')}`;

/** What the server keeps of a mesh, by key; nothing as long as it keeps none. */
async function keysOf({ url }: NatsServer, mesh: string): Promise<string[]> {
  const nc = await connect({ servers: url });
  try {
    const keys: string[] = [];
    for await (const key of await (await new Kvm(nc).open(`skynet_${mesh}`)).keys()) keys.push(key);
    return keys;
  } catch {
    return [];
  } finally {
    await nc.close();
  }
}

/** The server is started again with nothing in its store. */
async function startedEmpty(server: NatsServer, nodes: readonly TestNode[]): Promise<void> {
  await server.kill();
  for (const node of nodes) await node.logged(/NATS at .* is lost/);
  server.empty();
  await server.start();
  for (const node of nodes) await node.logged(/is connected again/);
}

describe.each([true, false])('NATS is started again with an empty store, direct links %s', (direct) => {
  onServer(`nodes have their ids and names again, and go on${why}`, async () => {
    const server = await ownServer();
    const given = { mesh: newMesh(), servers: server.url, direct, lease: '20s' as const };
    const nodes = await startNodes(2, given);
    const [one, two] = nodes as [TestNode, TestNode];
    const echo = await echoIn(two, 'before');
    const unique = await one.run((skynet) => skynet.uniqueService(true, 'echo'));
    await echoIn(one, 'last-of-one');
    await two.run((skynet) => skynet.queryName('last-of-one'));
    const channel = await one.run(async (skynet) => (await createMulticast(skynet).new()).channel);
    const subscribed = new Happenings<TestNode>('nodes that have subscribed');
    const subscribe = (node: TestNode): Promise<unknown[]> =>
      hears(node, channel, () => subscribed.add(node));
    // Links over subjects end with the connection: whoever has subscribed over them does so again.
    const before = direct ? nodes.map(subscribe) : [];
    await subscribed.count(before.length);

    await startedEmpty(server, nodes);
    // Each claims its names again in the order in which it has got them. What is claimed by a newcomer before is that one's.
    await expect
      .poll(() => keysOf(server, given.mesh), { timeout: 30_000 })
      .toEqual(expect.arrayContaining(['node.1', 'node.2', keyOf('before'), keyOf('last-of-one')]));

    // Who has never been there learns of all that is.
    const three = await startPeer({ ...given, id: 3 });
    expect(await three.run((skynet) => skynet.queryName('before'))).toBe(echo);
    expect(await three.run((skynet) => skynet.uniqueService(true, 'echo'))).toBe(unique);
    await allConnected([...nodes, three]);
    const all = await three.run((skynet) => createMesh(skynet).nodes());
    expect(all.map(({ id }) => id)).toEqual([1, 2, 3]);
    for (const node of [one, three])
      expect(await calling(node, 'before', 'echo', 1)).toEqual({ answered: [1] });
    // What is taken is taken, what is new is given, an id in use is in use.
    const other = await echoIn(three);
    expect(await three.run((skynet) => codeOf(createMesh(skynet).claimName('before', other)))).toBe(
      'ERR_NAME_TAKEN',
    );
    const after = await echoIn(three, 'after');
    for (const node of nodes) expect(await node.run((skynet) => skynet.queryName('after'))).toBe(after);
    expect(await codeOf(startPeer({ ...given, id: 2 }))).toBe('ERR_MESH_ID_TAKEN');
    for (const { log } of nodes) expect(log.filter((line) => line.includes('counts as gone'))).toEqual([]);
    // Nor has anybody taken over what is once in the mesh.
    for (const { log } of [...nodes, three]) {
      const since = log.slice(log.findIndex((line) => line.includes('is connected again')) + 1);
      expect(since.filter((line) => line.includes('LAUNCH snlua datacenterd'))).toEqual([]);
    }
    const heard = [...before, ...[two, three].map(subscribe)];
    await subscribed.count(heard.length);
    for (const value of ['again', LAST])
      await one.run((skynet) => createMulticast(skynet).bind(channel).publish(value));
    expect(await Promise.all(heard)).toEqual(heard.map(() => ['again', LAST]));
  });
});

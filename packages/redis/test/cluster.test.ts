import { isSkynetError } from '@skynet/core';
import { startTestNode, type TestNode } from '@skynet/core/testing';
import { cluster } from '@skynet/redis';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { freePort } from '../../../test/free-port.ts';
import { redisMissing, startRedisCluster } from '../../../test/redis.ts';

const why = redisMissing === undefined ? '' : ` (left out: ${redisMissing})`;

describe.skipIf(redisMissing !== undefined)(`a cluster of three Redis servers${why}`, () => {
  let servers: Awaited<ReturnType<typeof startRedisCluster>>;
  let node: TestNode;

  beforeAll(async () => {
    servers = await startRedisCluster();
    node = await startTestNode();
    await node.run(async (skynet) => {
      for (const server of servers.nodes)
        while (!server.cli('cluster', 'info').includes('cluster_state:ok')) await skynet.sleep('20ms');
    });
  });
  afterAll(async () => {
    await node?.stop();
    await servers?.stop();
  });

  const nodes = (): { host: string; port: number }[] =>
    servers.nodes.map(({ port }) => ({ host: '127.0.0.1', port }));
  const code = (work: Promise<unknown>): Promise<unknown> =>
    work.then(
      (value) => ({ value }),
      (error: unknown) => (isSkynetError(error) ? error.code : error),
    );

  test('one node is enough to find the others; keys go to their nodes', async () => {
    const seen = await node.run(async (skynet) => {
      const db = await cluster(skynet, nodes().slice(0, 1));
      const keys = Array.from({ length: 100 }, (_, i) => `key${i}`);
      await Promise.all(keys.map((key) => db.set(key, key)));
      const values = await Promise.all(keys.map((key) => db.get(key)));
      db.disconnect();
      return values.every((value, i) => value === keys[i]);
    });
    expect(seen).toBe(true);
    const sizes = servers.nodes.map((server) => Number(server.cli('dbsize')));
    expect(sizes.reduce((sum, size) => sum + size)).toBe(100);
    expect(Math.min(...sizes)).toBeGreaterThan(0);
  });

  test('keys with one part in braces share a node; others do not; commands without a key are refused', async () => {
    const seen = await node.run(async (skynet) => {
      const db = await cluster(skynet, nodes());
      return [
        await db.mset('{p}a', 1, '{p}b', 2),
        await db.mget('{p}a', '{p}b'),
        await db.pipeline(
          [
            ['set', '{q}', 1],
            ['incr', '{q}'],
            ['get', '{p}a'],
          ],
          [],
        ),
        await code(db.mget('key1', 'key2', 'key3')),
        await code(db.multi()),
        await code(db.command('info')),
      ];
    });
    expect(seen).toEqual([
      'OK',
      ['1', '2'],
      [
        { ok: true, out: 'OK' },
        { ok: true, out: 2 },
        { ok: true, out: '1' },
      ],
      expect.stringMatching(/ERR_REDIS_(DISPATCH|REPLY)/),
      'ERR_REDIS_DISPATCH',
      'ERR_REDIS_DISPATCH',
    ]);
  });

  test('a slot that moves takes its keys along, and commands follow', async () => {
    const seen = await node.run(async (skynet) => {
      const db = await cluster(skynet, nodes());
      await db.set('{move}', 'here');
      const [first] = servers.nodes;
      const slot = first?.cli('cluster', 'keyslot', '{move}').trim() as string;
      const ids = servers.nodes.map((server) => server.cli('cluster', 'myid').trim());
      const from = servers.nodes.findIndex((server) => server.cli('get', '{move}').trim() === 'here');
      const to = (from + 1) % 3;
      servers.nodes[to]?.cli('cluster', 'setslot', slot, 'importing', ids[from] as string);
      servers.nodes[from]?.cli('cluster', 'setslot', slot, 'migrating', ids[to] as string);
      const asked = await db.get('{move}');
      servers.nodes[from]?.cli(
        'migrate',
        '127.0.0.1',
        String(servers.nodes[to]?.port),
        '{move}',
        '0',
        '5000',
      );
      const halfway = await db.get('{move}');
      for (const at of [to, from])
        servers.nodes[at]?.cli('cluster', 'setslot', slot, 'node', ids[to] as string);
      return [asked, halfway, await db.get('{move}')];
    });
    expect(seen).toEqual(['here', 'here', 'here']);
  });

  test('no node listens, or no nodes at all', async () => {
    const port = await freePort();
    const seen = await node.run(async (skynet) => [
      await code(cluster(skynet, [{ host: '127.0.0.1', port }])),
      await code(cluster(skynet, [])),
      await code(cluster(skynet, [{ host: 'x' } as never])),
    ]);
    expect(seen).toEqual(['ERR_REDIS_CONNECT', 'ERR_ARGUMENT', 'ERR_ARGUMENT']);
  });
});

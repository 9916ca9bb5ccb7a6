import { fileURLToPath } from 'node:url';
import type { Skynet } from '@skynet/core';
import { startTestNode, type TestNode } from '@skynet/core/testing';
import { harbor } from '@skynet/harbor';
import { createCluster } from '@skynet/harbor/cluster';
import { createSnax, type SnaxObject } from '@skynet/snax';
import { expect, onTestFinished, test } from 'vitest';
import { freePorts } from '../../../test/free-port.ts';
import type simplesnax from './fixtures/counted.ts';

type Counted = typeof simplesnax;

const base = fileURLToPath(new URL('./fixtures', import.meta.url));
const snax = ['./?'];
const code = (expected: string, node?: unknown) =>
  expect.objectContaining({ code: expected, ...(node === undefined ? {} : { details: { node } }) });

const within = (node: TestNode, work: (skynet: Skynet) => Promise<void>): Promise<void> => node.run(work);

const PATCH = 'let count; response.get = () => count * 10; function hotfix() { return count; }';

test('a patch for a script reaches the other nodes of a network, and is taken back everywhere', async () => {
  const [master, one, two] = (await freePorts(3)).map((port) => `127.0.0.1:${port}`) as [
    string,
    string,
    string,
  ];
  const start = (id: number, address: string) =>
    startTestNode(
      {
        harbor: id,
        snax,
        network: harbor({ id, address, master, ...(id === 1 ? { standalone: master } : {}) }),
      },
      { base, after: onTestFinished },
    );
  const first = await start(1, one);
  const second = await start(2, two);
  await within(second, async (there) => {
    const far: SnaxObject<Counted> = await createSnax(there).newService<Counted>('counted', 2);
    await within(first, async (skynet) => {
      const api = createSnax(skynet);
      const near: SnaxObject<Counted> = await api.newService<Counted>('counted', 1);
      const get = async () => [await near.req.get(), await far.req.get()];
      // The other node's service is there a moment after its first snax service.
      await there.uniqueService('snaxpatch');
      const { instances, results } = await api.rollout('counted', PATCH, { nodes: [2] });
      expect(results).toEqual([1, 2]);
      expect(instances).toEqual([near.handle, far.handle]);
      expect(await get()).toEqual([10, 20]);
      expect(await (await createSnax(there).newService<Counted>('counted', 3)).req.get()).toBe(30);
      await api.rollback('counted');
      expect(await near.req.get()).toBe(1);
      // One that the other node refuses is in force nowhere.
      const picky =
        'let count; response.get = () => 0; function hotfix() { if (count === 2) throw new Error("not here"); }';
      const before = await get();
      await expect(api.rollout('counted', picky, { nodes: [2] })).rejects.toThrow(code('ERR_PATCH_NODE', 2));
      await expect(api.rollout('counted', picky, { nodes: [2] })).rejects.toThrow(/not here/);
      expect(await get()).toEqual(before);
      // Nobody has this id.
      await expect(api.rollout('counted', PATCH, { nodes: [2, 7] })).rejects.toThrow(
        code('ERR_PATCH_NODE', 7),
      );
      expect(await get()).toEqual(before);
    });
  });
});

test('and those of a cluster, where services are open for it', async () => {
  const [port] = (await freePorts(1)) as [number];
  const nodes = { first: false, second: `127.0.0.1:${port}` } as const;
  const start = () => startTestNode({ snax }, { base, after: onTestFinished });
  const first = await start();
  const second = await start();
  await within(second, async (there) => {
    const cluster = createCluster(there);
    await cluster.reload(nodes as never);
    await cluster.open('second');
    const far = await createSnax(there).uniqueService<Counted>('counted', 2);
    await within(first, async (skynet) => {
      const api = createSnax(skynet);
      const own = createCluster(skynet);
      await own.reload(nodes as never);
      const near = await api.newService<Counted>('counted', 1);
      // Its methods are called by their numbers, since the script is open for the cluster.
      const remote = await own.snax<Counted>('second', 'counted', { snax: api });
      expect(await remote.req.get()).toBe(2);
      const { results } = await api.rollout('counted', PATCH, { nodes: ['second'], cluster: own });
      expect(results).toEqual([1, 2]);
      expect([await near.req.get(), await far.req.get(), await remote.req.get()]).toEqual([10, 20, 20]);
      // A node that does not know the service, as the original's, takes none.
      const original = { call: () => Promise.reject(new Error('call failed')) };
      await expect(api.rollout('counted', PATCH, { nodes: ['second'], cluster: original })).rejects.toThrow(
        code('ERR_PATCH_NODE', 'second'),
      );
      expect(await near.req.get()).toBe(10);
    });
  });
});

import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { isSkynetError, LuaFloat, packSeri, type Skynet, unpackSeri } from '@skynet/core';
import { startTestNode } from '@skynet/core/testing';
import { type Cluster, createCluster } from '@skynet/harbor/cluster';
import { createSnax } from '@skynet/snax';
import { describe, expect, onTestFinished, test } from 'vitest';
import { freePorts } from '../../../test/free-port.ts';
import type refsnax from '../clusterref/snax/refsnax.ts';

const FOLDER = fileURLToPath(new URL('../clusterref', import.meta.url));

interface Program {
  readonly child: ChildProcessByStdio<null, Readable, Readable>;
  /** Standard error so far. */
  errors(): string;
  readonly ended: Promise<unknown[]>;
}

/** Starts a reference node; resolves when it is ready, or has ended. */
async function clusterref(...args: string[]): Promise<Program> {
  const child = spawn(process.execPath, ['--import', 'tsx', `${FOLDER}/clusterref.ts`, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  const ended = once(child, 'close');
  let errors = '';
  child.stderr.on('data', (chunk) => {
    errors += String(chunk);
  });
  let out = '';
  await new Promise<void>((resolve) => {
    child.stdout.on('data', (chunk) => {
      out += String(chunk);
      if (/^ready$/m.test(out)) resolve();
    });
    child.once('close', () => resolve());
  });
  return { child, errors: () => errors, ended };
}

/** A node of this process that has the reference service as `@mine`, and knows the others. */
async function inCluster(
  table: Record<string, string>,
  work: (cluster: Cluster, skynet: Skynet, address: string) => Promise<void>,
): Promise<void> {
  const node = await startTestNode(
    { services: ['./services/?'], snax: ['./snax/?'] },
    { base: FOLDER, after: onTestFinished },
  );
  await node.run(async (skynet) => {
    const cluster = createCluster(skynet);
    await cluster.reload(table);
    await cluster.register('mine', await skynet.newService('refecho'));
    const { address, port } = await cluster.open(0);
    await work(cluster, skynet, `${address}:${port}`);
  });
}

/** Asks a reference service; all values of the answer. */
const askIn =
  (cluster: Cluster) =>
  async (node: string, to: string | number, ...values: unknown[]): Promise<unknown[]> => {
    const body = await cluster.rawCall({ node, timeout: '20s' }, to, packSeri(values));
    return unpackSeri(body as Uint8Array, 0, { floats: 'exact' });
  };

describe.each([1, 4])('reference nodes of a cluster with %i threads', (threads) => {
  test('do every command of the table, to and from other nodes', async () => {
    const [onePort = 0, twoPort = 0, morePort = 0] = await freePorts(3);
    const thread = ['--thread', String(threads)];
    const one = await clusterref('--port', String(onePort), ...thread);
    const two = await clusterref('--port', String(twoPort), ...thread);
    expect([one.errors(), two.errors()]).toEqual(['', '']);
    const table = { one: `127.0.0.1:${onePort}`, two: `127.0.0.1:${twoPort}` };
    await inCluster(table, async (cluster, skynet, mine) => {
      const ask = askIn(cluster);
      const first = (...values: unknown[]) => ask('one', '@refecho', ...values);
      const failed = [false, expect.any(String)];

      // Nobody is known at first, and whoever is asked for is waited for.
      const early = first('ccall', 'two', '@refecho', 'echo', 'early');
      expect(await first('creload', { ...table, me: mine, off: false, dead: '127.0.0.1:1' })).toEqual([true]);
      expect(await early).toEqual([true, 'early']);

      // Calls
      const all = Buffer.from(Uint8Array.from({ length: 256 }, (_, i) => i));
      const values = [1, undefined, all, true, 1.5, new LuaFloat(1), -(2n ** 63n), new Map([[all, 'x']])];
      expect(await first('ccall', 'two', '@refecho', 'echo', ...values, undefined)).toEqual([
        true,
        ...values,
        undefined,
      ]);
      const [two] = await ask('two', '@refecho', 'self');
      for (const to of ['@refecho', '.refecho', two as number])
        expect(await first('ccall', 'two', to, 'self')).toEqual([true, two]);
      const [, big] = (await first('ccall', 'two', '@refecho', 'big', 3, 100_000)) as [boolean, Buffer];
      expect(await first('ccall', 'two', '@refecho', 'digest', big)).toEqual([
        true,
        createHash('sha1').update(big).digest('hex'),
      ]);
      for (const [node, to, command] of [
        ['two', '@refecho', 'error'],
        ['two', '@refecho', 'nosuch'],
        ['two', '@nobody', 'echo'],
        ['two', 0xfffff0, 'echo'],
        ['off', '@refecho', 'echo'],
        ['dead', '@refecho', 'echo'],
      ])
        expect(await first('ccall', node, to, command, 'x')).toEqual(failed);

      // Sends
      expect(await first('csend', 'me', '@mine', 'note', 'a', 1)).toEqual([true]);
      expect(await first('cflood', 'me', '@mine', 'mark', 3000)).toEqual([3000]);
      expect(await first('ccall', 'me', '@mine', 'marks')).toEqual([true, 3000, true]);
      expect(await first('ccall', 'me', '@mine', 'notes')).toEqual([
        true,
        [expect.stringMatching(/^\{i1=s1/)],
      ]);

      // Names and proxies
      expect(await first('cquery', 'two', 'refecho')).toEqual([true, two]);
      expect(await first('cquery', 'two', 'nobody')).toEqual(failed);
      expect(await first('cproxy', 'two', '@refecho', 'self')).toEqual([true, two]);
      expect(await first('cproxy', 'two', '@refecho', 'error', 'x')).toEqual(failed);
      expect(await first('cproxysend', 'me', '@mine', 'mark', 1)).toEqual([true]);
      while (((await first('ccall', 'me', '@mine', 'marks')) as unknown[])[1] === 0);
      const [spawned] = await first('spawn');
      expect(await first('cregister', 'other', spawned)).toEqual([true]);
      expect(await ask('one', '@other', 'self')).toEqual([spawned]);
      expect(await first('cregister', 'another', spawned)).toEqual([true]);
      await expect(ask('one', '@other', 'self')).rejects.toThrow(/Invalid name/);
      expect(await first('cunregister', 'another')).toEqual([true]);
      await expect(ask('one', '@another', 'self')).rejects.toThrow(/Invalid name/);
      expect(await first('copen', morePort)).toEqual([true]);
      await cluster.reload({ more: `127.0.0.1:${morePort}` });
      expect(await ask('more', '@refecho', 'echo', 7)).toEqual([7]);

      // The snax service, asked for by the other and by this node
      for (const address of [undefined, '@refsnax']) {
        expect(await first('csnaxpost', 'two', 'refsnax', address, 'put', 'k', [1, 9])).toEqual([true]);
        const snax = (method: string, ...args: unknown[]) =>
          first('csnax', 'two', 'refsnax', address, method, ...args);
        expect(await snax('get', 'k')).toEqual([true, [1, 9]]);
        expect(await snax('echo', 1, undefined, new LuaFloat(1))).toEqual([
          true,
          1,
          undefined,
          new LuaFloat(1),
        ]);
        const [, sum] = (await snax('add', 3)) as [boolean, number];
        expect(await snax('add', 4)).toEqual([true, sum + 4]);
        expect(await snax('fail', 'boo')).toEqual(failed);
        expect(await snax('slow', 1, 'v')).toEqual([true, 'v']);
        const object = await cluster.snax<typeof refsnax>('two', 'refsnax', {
          snax: createSnax(skynet),
          ...(address === undefined ? {} : { address }),
        });
        object.post.put('mine', 5);
        expect(await object.req.get('mine')).toBe(5);
        await expect(object.req.fail('boo')).rejects.toThrow(/boo/);
      }

      // Nobody waits any more for who stands in no table.
      const waiting = first('ccall', 'nobody', '@x', 'echo');
      await first('creload', { __nowaiting: true });
      expect(await waiting).toEqual(failed);
      expect(await first('ccall', 'nobody', '@x', 'echo')).toEqual(failed);
    });
    for (const [program, signal] of [
      [one, 'SIGTERM'],
      [two, 'SIGINT'],
    ] as const) {
      program.child.kill(signal);
      expect(await program.ended).toEqual([0, null]);
    }
  });
});

test('a node that is stopped, goes on, is killed and comes back', async () => {
  const [onePort = 0, twoPort = 0] = await freePorts(2);
  await clusterref('--port', String(onePort));
  const two = await clusterref('--port', String(twoPort));
  const table = { one: `127.0.0.1:${onePort}`, two: `127.0.0.1:${twoPort}` };
  await inCluster(table, async (cluster, skynet) => {
    const ask = askIn(cluster);
    const codeOf = (call: Promise<unknown>): Promise<unknown> =>
      call.catch((error: unknown) => (isSkynetError(error) ? error.code : error));
    expect(await ask('two', '@refecho', 'echo', 1)).toEqual([1]);
    two.child.kill('SIGSTOP');
    expect(await codeOf(cluster.call({ node: 'two', timeout: '50ms' }, '@refecho', 'echo', 2))).toBe(
      'ERR_TIMEOUT',
    );
    for (let k = 1; k <= 500; k++) cluster.send('two', '@refecho', 'mark', k);
    const waiting = ask('two', '@refecho', 'marks');
    for (let i = 0; i < 200; i++) expect(await ask('one', '@refecho', 'echo', i)).toEqual([i]);
    two.child.kill('SIGCONT');
    expect(await waiting).toEqual([500, true]);

    const pending = codeOf(ask('two', '@refecho', 'slow', 100_000));
    await ask('two', '@refecho', 'echo', 3);
    two.child.kill('SIGKILL');
    expect(await pending).toBe('ERR_NODE_LOST');
    await two.ended;
    expect(await codeOf(ask('two', '@refecho', 'echo', 4))).toBe('ERR_CLUSTER_CONNECT');
    const back = await clusterref('--port', String(twoPort));
    expect(back.errors()).toBe('');
    expect(await ask('two', '@refecho', 'echo', 5)).toEqual([5]);
    await skynet.sleep(0);
  });
});

test('a port that is taken, or none, ends it with a status and one line', async () => {
  const [port = 0] = await freePorts(1);
  await clusterref('--port', String(port));
  for (const args of [['--port', String(port)], ['--port', 'x'], []]) {
    const program = await clusterref(...args);
    const [status] = await program.ended;
    expect(status).toBeGreaterThan(0);
    expect(program.errors()).toMatch(/^clusterref: .*\n$/);
  }
});

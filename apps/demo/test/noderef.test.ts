import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { isSkynetError, LuaFloat, packSeri, type Skynet, unpackSeri } from '@skynet/core';
import { createMulticast } from '@skynet/core/multicast';
import { startTestNode } from '@skynet/core/testing';
import { createHarbor, harbor } from '@skynet/harbor';
import { createDatacenter } from '@skynet/harbor/datacenter';
import { describe, expect, onTestFinished, test } from 'vitest';
import { freePort } from '../../../test/free-port.ts';

const PROGRAM = fileURLToPath(new URL('../noderef/noderef.ts', import.meta.url));

async function freeAddress(): Promise<string> {
  return `127.0.0.1:${await freePort()}`;
}

interface Program {
  readonly child: ChildProcessByStdio<null, Readable, Readable>;
  /** Standard error so far. */
  errors(): string;
  /** Status and signal. */
  readonly ended: Promise<unknown[]>;
}

/** Starts a reference node; resolves when it is ready, or has ended. */
async function noderef(id: number, master: string, ...more: string[]): Promise<Program> {
  const args = ['--harbor', String(id), '--address', await freeAddress(), '--master', master, ...more];
  const child = spawn(process.execPath, ['--import', 'tsx', PROGRAM, ...args], {
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

/** A node of this process that joins the network. */
async function join(id: number, master: string, work: (skynet: Skynet) => Promise<void>): Promise<void> {
  const node = await startTestNode(
    { harbor: id, network: harbor({ id, address: await freeAddress(), master }), services: ['./services/?'] },
    { base: fileURLToPath(new URL('../noderef', import.meta.url)), after: onTestFinished },
  );
  await node.run(work);
}

/** Asks a reference service; all values of the answer. */
const askIn =
  (skynet: Skynet) =>
  async (to: string | number, ...values: unknown[]): Promise<unknown[]> => {
    const body = await skynet.rawCall({ to, timeout: '10s' }, 'lua', packSeri(values));
    return body instanceof Uint8Array ? unpackSeri(body, 0, { floats: 'exact' }) : [...body];
  };

const codeOf = (call: Promise<unknown>): Promise<unknown> =>
  call.catch((error: unknown) => (isSkynetError(error) ? error.code : error));

const bytes = (length: number): Buffer => Buffer.from(Uint8Array.from({ length }, (_, i) => i & 255));
const sha1 = (text: string | Buffer): string => createHash('sha1').update(text).digest('hex');

describe.each([1, 4])('reference nodes with %i threads', (threads) => {
  test('do every command of the table, from and to other nodes', async () => {
    const master = await freeAddress();
    const thread = ['--thread', String(threads)];
    const one = await noderef(1, master, '--standalone', master, '--name', 'one', ...thread);
    expect(one.errors()).toBe('');
    await noderef(2, master, '--name', 'two', ...thread);
    await join(3, master, async (skynet) => {
      const ask = askIn(skynet);
      const me = await skynet.newService('refecho');
      skynet.nameService('three', me);
      const [one] = (await ask('one', 'self')) as [number];
      const [two] = (await ask('two', 'self')) as [number];

      // Values
      const values = [
        1,
        undefined,
        bytes(256),
        true,
        'ä',
        1.5,
        new LuaFloat(1),
        -(2n ** 63n),
        2n ** 63n - 1n,
      ];
      const table = new Map<unknown, unknown>([
        [1, 'x'],
        [Buffer.from([0xff, 0xfe]), { a: [1, undefined, 3] }],
        [1.5, false],
      ]);
      expect(await ask('two', 'echo', ...values, table, undefined)).toEqual([...values, table, undefined]);
      expect(await ask('two', 'count', undefined, 1, undefined)).toEqual([3]);
      expect(await ask('two', 'none')).toEqual([]);
      expect(await ask('two', 'upper', 'azäé')).toEqual(['AZäé']);
      expect(await ask('two', 'sum', 1, 2, 3)).toEqual([6]);
      expect(await ask('two', 'sum', 2n ** 63n - 1n, 1)).toEqual([-(2n ** 63n)]);
      expect(await ask('two', 'sum', 1, 0.5)).toEqual([1.5]);
      expect(await ask('two', 'sum', new LuaFloat(1), 1)).toEqual([new LuaFloat(2)]);
      const described = `i1;d3ff0000000000000;s2:${sha1('ab')};{i1=true,s1:${sha1('k')}=nil};nil`;
      expect(
        await ask(
          'two',
          'describe',
          1,
          new LuaFloat(1),
          'ab',
          new Map<unknown, unknown>([[1, true]]),
          undefined,
        ),
      ).toEqual([described.replace(/,s1:[0-9a-f]{40}=nil/, '')]);
      expect(await ask('two', 'len', bytes(300))).toEqual([300]);
      expect(await ask('two', 'digest', bytes(300))).toEqual([sha1(bytes(300))]);
      const [big] = (await ask('two', 'big', 7, 100_000)) as [Buffer];
      expect(await ask('one', 'digest', big)).toEqual([sha1(big)]);
      expect(big.length).toBe(100_000);

      // Calls, errors, order
      expect(await ask('two', 'slow', 1, 'late', 5)).toEqual(['late', 5]);
      expect(await codeOf(ask('two', 'error', 'x'))).toBe('ERR_REMOTE');
      expect(await codeOf(ask('two', 'nosuch'))).toBe('ERR_REMOTE');
      expect(await ask('two', 'harbor')).toEqual([2]);
      expect([one >>> 24, two >>> 24, me >>> 24]).toEqual([1, 2, 3]);
      const [spawned] = (await ask('two', 'spawn')) as [number];
      expect(await ask(spawned, 'self')).toEqual([spawned]);
      expect(await ask(spawned, 'exit')).toEqual([true]);
      expect(await codeOf(ask(spawned, 'self'))).toBe('ERR_REMOTE');
      expect(await ask('one', 'call', 'two', 'echo', 1, undefined)).toEqual([true, 1, undefined]);
      expect(await ask('one', 'call', two, 'error', 'boom')).toEqual([false, expect.any(String)]);
      expect(await ask('one', 'flood', 'three', 'mark', 1000)).toEqual([1000]);
      expect(await ask('three', 'marks')).toEqual([1000, true]);
      for (let k = 1; k <= 1000; k++) skynet.rawSend('two', 'lua', packSeri(['mark', k]));
      expect(await ask('two', 'marks')).toEqual([1000, true]);
      expect(await ask('two', 'marks')).toEqual([0, true]);
      expect(await ask('one', 'send', 'two', 'note', 1, 'a')).toEqual([true]);
      expect(await ask('one', 'call', 'two', 'none')).toEqual([true]);
      expect(await ask('two', 'notes')).toEqual([[`{i1=i1,i2=s1:${sha1('a')}}`]]);
      expect(await ask('two', 'notes')).toEqual([[]]);

      // Names and nodes
      const waiting = ask('one', 'queryname', 'late');
      expect(await ask('two', 'globalname', 'late')).toEqual([true]);
      expect(await waiting).toEqual([two]);
      expect(await ask('two', 'connect', 3)).toEqual(['up']);
      expect(await ask('two', 'link', 77)).toEqual(['down']);
      const queried = ask('two', 'queryunique', 'refunique');
      const [unique] = (await ask('one', 'unique', 'refunique')) as [number];
      expect(await ask('two', 'unique', 'refunique')).toEqual([unique]);
      expect(await queried).toEqual([unique]);
      expect(await ask(unique, 'who')).toEqual([unique, 1]);
      expect(await ask(unique, 'add', 2)).toEqual([2]);
      expect(await ask(unique, 'add', 3)).toEqual([5]);
      const [other] = (await ask('two', 'unique', 'refecho')) as [number];
      expect(await ask(other, 'echo', 1)).toEqual([1]);

      // Datacenter
      const datacenter = createDatacenter(skynet);
      expect(await ask('two', 'dcset', 'a', 'b', 1)).toEqual([]);
      expect(await ask('one', 'dcset', 'a', 'b', 2)).toEqual([1]);
      expect(await datacenter.get('a')).toEqual({ b: 2 });
      expect(await ask('two', 'dcget', 'a', 'c')).toEqual([undefined]);
      expect(await codeOf(ask('two', 'dcget', 'a', 'b', 'c'))).toBe('ERR_REMOTE');
      const waited = ask('two', 'dcwait', 'w');
      await datacenter.set('w', 'there');
      expect(await waited).toEqual(['there']);

      // Channels, of each node to each other
      const multicast = createMulticast(skynet);
      for (const owner of ['one', 'two', 'three']) {
        const [channel] = (await ask(owner, 'mcnew')) as [number];
        for (const to of ['one', 'two', 'three']) expect(await ask(to, 'mcsub', channel)).toEqual([true]);
        for (const from of ['one', 'two', 'three']) {
          expect(await ask(from, 'mcpub', channel, 20)).toEqual([20]);
          for (const to of ['one', 'two', 'three']) {
            for (;;) {
              const [count] = (await ask(to, 'mcgot', channel)) as [number];
              if (count >= 20) break;
            }
            expect(await ask(to, 'mcgot', channel)).toEqual([20, true, 'i20']);
            expect(await ask(to, 'mcreset', channel)).toEqual([true]);
          }
        }
        expect(await ask('two', 'mcunsub', channel)).toEqual([true]);
        expect(await ask('one', 'mcpubvalue', channel, 'x')).toEqual([true]);
        for (;;) if (((await ask('three', 'mcgot', channel)) as [number])[0] > 0) break;
        expect(await ask('three', 'mcgot', channel)).toEqual([1, false, `s1:${sha1('x')}`]);
        expect(await ask('two', 'mcgot', channel)).toEqual([0, true, 'nil']);
        expect(await ask('three', 'mcdel', channel)).toEqual([true]);
        await multicast.bind(channel).publish(1);
      }
    });
  });

  test('a node that is killed fails the calls to it, and may come back', async () => {
    const master = await freeAddress();
    const thread = ['--thread', String(threads)];
    const one = await noderef(1, master, '--standalone', master, '--name', 'one', ...thread);
    const two = await noderef(2, master, '--name', 'two', ...thread);
    const again = await noderef(2, master, '--name', 'again', ...thread);
    expect(await again.ended).toEqual([1, null]);
    expect(again.errors()).toMatch(/^noderef: the master .* does not let harbor 2 in: the id is in use\n$/);
    await join(3, master, async (skynet) => {
      const ask = askIn(skynet);
      const [handle] = (await ask('two', 'self')) as [number];
      const pending = codeOf(ask(handle, 'slow', 100_000));
      const through = ask('one', 'call', 'two', 'slow', 100_000);
      const lost = ask('one', 'link', 2);
      two.child.kill('SIGKILL');
      expect(await pending).toBe('ERR_NODE_LOST');
      expect(await through).toEqual([false, expect.stringContaining('ERR_NODE_LOST')]);
      expect(await lost).toEqual(['down']);
      expect(await codeOf(ask(handle, 'self'))).toBe('ERR_NODE_LOST');
      expect(await ask('one', 'call', handle, 'self')).toEqual([false, expect.any(String)]);

      const back = await noderef(2, master, '--name', 'two', ...thread);
      expect(back.errors()).toBe('');
      await createHarbor(skynet).connect(2);
      expect(await ask('one', 'connect', 2)).toEqual(['up']);
      for (;;) if ((await ask('one', 'call', 'two', 'harbor'))[0] === true) break;
      expect(await ask('one', 'call', 'two', 'harbor')).toEqual([true, 2]);
      const [channel] = (await ask('two', 'mcnew')) as [number];
      expect(channel & 255).toBe(2);

      const masterLost = ask('two', 'linkmaster');
      one.child.kill('SIGTERM');
      expect(await one.ended).toEqual([0, null]);
      expect(await masterLost).toEqual(['down']);
      expect(await ask('two', 'echo', 'alive')).toEqual(['alive']);
      back.child.kill('SIGINT');
      expect(await back.ended).toEqual([0, null]);
    });
  });
});

test('a node that is stopped for a while loses nothing, and holds up nobody else', async () => {
  const master = await freeAddress();
  await noderef(1, master, '--standalone', master, '--name', 'one');
  const two = await noderef(2, master, '--name', 'two');
  await join(3, master, async (skynet) => {
    const ask = askIn(skynet);
    const [handle] = (await ask('two', 'self')) as [number];
    two.child.kill('SIGSTOP');
    for (let k = 1; k <= 2000; k++) skynet.rawSend(handle, 'lua', packSeri(['mark', k]));
    const answer = ask(handle, 'marks');
    for (let i = 0; i < 200; i++) expect(await ask('one', 'echo', i)).toEqual([i]);
    two.child.kill('SIGCONT');
    expect(await answer).toEqual([2000, true]);
  });
});

test.each([
  [[], 2],
  [['--nosuch'], 2],
  [['--harbor', '300', '--address', '127.0.0.1:1', '--master', '127.0.0.1:1'], 1],
  [['--harbor', '2', '--address', '127.0.0.1:0', '--master', '127.0.0.1:1'], 1],
])('noderef %j cannot start: status %i and one line', async (args, status) => {
  const child = spawn(process.execPath, ['--import', 'tsx', PROGRAM, ...args], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let errors = '';
  child.stderr.on('data', (chunk) => {
    errors += String(chunk);
  });
  const [code] = await once(child, 'close');
  expect(code).toBe(status);
  expect(errors).toMatch(/^noderef: .*\n$/);
});

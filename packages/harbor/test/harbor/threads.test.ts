import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { isSkynetError } from '@skynet/core';
import { startTestNode, type TestNode } from '@skynet/core/testing';
import { expect, onTestFinished, test } from 'vitest';
import { createHarbor } from '../../src/index.ts';
import { openConsole } from '../console.ts';
import { freeAddress, startMember, startNetwork } from './nodes.ts';

// The threads of these nodes run the built package: `npm test` builds before it tests.

const codeOf = (call: Promise<unknown>): Promise<unknown> =>
  call.catch((error: unknown) => (isSkynetError(error) ? error.code : error));

test('services in every thread call and are called, in order, and hear of a node that is lost', async () => {
  const [one, two] = (await startNetwork(2, { thread: 3 })) as [TestNode, TestNode];
  const handles = await two.run(async (skynet) => [
    await skynet.newService({ name: 'echo', thread: 1 }, 'first'),
    await skynet.newService({ name: 'echo', thread: 2 }),
  ]);
  const callers = await one.run(async (skynet) => [
    await skynet.newService({ name: 'echo', thread: 1 }),
    await skynet.newService({ name: 'echo', thread: 2 }),
  ]);
  const ended = one.run(async (skynet) => {
    for (const caller of callers)
      for (const handle of handles)
        expect(await skynet.call(caller, 'lua', 'call', handle, 'echo', 1, 'x')).toEqual([1, 'x']);
    // By a name that this node has not heard of.
    expect(await skynet.call(callers[0] as number, 'lua', 'call', 'first', 'echo', 2)).toEqual([2]);
    const gone = new Promise((resolve) => skynet.watch(handles[0] as number, resolve));
    const pending = callers.map((caller) => codeOf(skynet.call(caller, 'lua', 'call', handles[1], 'never')));
    skynet.error('calling');
    return {
      pending: await skynet.await(Promise.all(pending)),
      later: await codeOf(skynet.call(callers[1] as number, 'lua', 'call', handles[1], 'echo', 1)),
      gone: await skynet.await(gone),
    };
  });
  await one.logged(/calling/);
  await two.stop();
  expect(await ended).toEqual({
    // Services of a node that stops may still say that they end.
    pending: callers.map(() => expect.stringMatching(/^ERR_(NODE_LOST|REMOTE)$/)),
    later: 'ERR_NODE_LOST',
    gone: { handle: handles[0], reason: expect.stringMatching(/^(node-lost|exited)$/) },
  });
});

test('what is too large fails at its sender in other threads too', async () => {
  const [one, two] = (await startNetwork(2, { thread: 2 })) as [TestNode, TestNode];
  const handle = await two.run((skynet) => skynet.newService({ name: 'echo', thread: 1 }));
  await one.run(async (skynet) => {
    const caller = await skynet.newService({ name: 'echo', thread: 1 });
    const large = new Uint8Array(17 << 20);
    expect(await codeOf(skynet.call(caller, 'lua', 'call', handle, 'echo', large))).toBe(
      'ERR_FRAME_TOO_LARGE',
    );
    expect(await codeOf(skynet.call(handle, 'lua', 'bytes', 17 << 20))).toBe('ERR_REMOTE');
    expect(await skynet.call(caller, 'lua', 'call', handle, 'echo', 1)).toEqual([1]);
  });
});

test('a thread that is lost fails the calls of other nodes to its services', async () => {
  const [one, two] = (await startNetwork(2, { thread: 2 })) as [TestNode, TestNode];
  const mortal = await two.run((skynet) => skynet.newService({ name: 'mortal', thread: 1 }));
  await one.run(async (skynet) => {
    const pending = codeOf(skynet.call(mortal, 'lua', 'never'));
    skynet.send(mortal, 'lua', 'die');
    expect(await pending).toBe('ERR_REMOTE');
    expect(await codeOf(skynet.call(mortal, 'lua', 'never'))).toBe('ERR_REMOTE');
  });
});

test('the console shows the network, who is lost since when, and netstat its links', async () => {
  const [one, two] = (await startNetwork(2)) as [TestNode, TestNode];
  const echo = await two.run((skynet) => skynet.newService('echo', 'second'));
  const console = await openConsole(one);
  const ask = { pending: undefined as unknown };
  const lost = one.run(async (skynet) => {
    await skynet.queryName('second');
    const pending = codeOf(skynet.call(echo, 'lua', 'never'));
    skynet.error('asked');
    await createHarbor(skynet).link(2);
    ask.pending = await pending;
  });
  await one.logged(/asked/);
  const info = (await console('harbor')).join('\n');
  expect(info).toMatch(/^master\t127\.0\.0\.1:\d+ connected since .*Z received:\d+ sent:\d+$/m);
  expect(info).toMatch(/^names\t.*second::02[0-9a-f]{6}/m);
  expect(info).toMatch(
    /^node 2\tready since .*Z 127\.0\.0\.1:\d+ received:\d+ sent:\d+ waiting:0 pending:[1-9]\d* serving:\d+$/m,
  );
  // The master's node itself has one to its master, and one to each other node.
  expect((await console('netstat')).filter((line) => /type:"?TCP/.test(line))).toHaveLength(2);
  await two.stop();
  await lost;
  // A service of a node that stops may still say that it ends.
  expect(ask.pending).toMatch(/^ERR_(NODE_LOST|REMOTE)$/);
  expect((await console('harbor')).join('\n')).toMatch(/^node 2\tlost since .*Z/m);
});

test('the keys of the original join the network by themselves', async () => {
  const master = await freeAddress();
  await startMember(master, 1, { isMaster: true });
  const two = await startTestNode(
    { harbor: 2, address: await freeAddress(), master },
    { base: fileURLToPath(new URL('..', import.meta.url)), after: onTestFinished },
  );
  await two.logged(/Shakehand ready/);
});

test('where the package is not installed they say so, in a file of the original too', async () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'skynet-harbor-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  writeFileSync(
    path.join(folder, 'config'),
    'harbor = 2\naddress = "127.0.0.1:2527"\nmaster = "127.0.0.1:2013"\nstart = "main"\n',
  );
  const command = fileURLToPath(new URL('../../../core/dist/bin/skynet.js', import.meta.url));
  const child = spawn(process.execPath, [command, 'config'], {
    cwd: folder,
    // Where a package manager has put it for its own use it counts as not installed.
    env: { ...process.env, NODE_PATH: '' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let printed = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk) => {
      printed += String(chunk);
    });
  const [status] = await once(child, 'close');
  expect(status).toBe(1);
  expect(printed).toMatch(/master is set, which needs the package @skynet\/harbor: install it/);
});

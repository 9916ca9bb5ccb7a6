import type { Handle } from '@skynet/core';
import { expect, test } from 'vitest';
import { createMesh } from '../../src/link.ts';
import { codeOf } from '../calls.ts';
import { openConsole } from '../console.ts';
import { addressOf, startPeer } from './nodes.ts';
import { PeerProcess } from './peer-process.ts';

test('a node that reads nothing: what waits for it is bounded, others do not notice', async () => {
  const maxWaiting = 2 << 20;
  // It is stopped, and not to count as lost for that.
  const silence = '60s';
  const one = await startPeer(1, { maxWaiting, silence });
  const seeds = [await addressOf(one)];
  const two = new PeerProcess({ id: 2, seeds, credit: 1 << 20, silence });
  const three = await startPeer(3, { seeds, silence });
  await two.address();
  await one.run(async (skynet) => {
    for (const id of [2, 3]) await createMesh(skynet).connect(id);
  });
  const [busy, echo] = await Promise.all([
    one.run(async (skynet) => (await skynet.queryName('peer2')) as Handle),
    three.newService('echo'),
  ]);
  const type = await openConsole(one);
  two.kill('SIGSTOP');
  // Small messages, and large ones: all of them wait.
  const text = 'x'.repeat(10_000);
  const results = await one.run(async (skynet) => {
    const calls: Promise<unknown>[] = [];
    for (let i = 0; i < 1000; i++) {
      calls.push(codeOf(skynet.call(busy, 'lua', 'echo', i % 10 === 0 ? text.repeat(8) : text)));
      // The turn ends, so that frames leave.
      if (i % 50 === 0) await skynet.call(echo, 'lua', 'echo', i);
    }
    const lines = await type('mesh');
    const waiting = Number(/^node 2\s+ready.*waiting:(\d+)/m.exec(lines.join('\n'))?.[1]);
    expect(waiting).toBeGreaterThan(1 << 20);
    // Parts that are under way count too.
    expect(waiting).toBeLessThanOrEqual(maxWaiting + (4 << 20));
    two.kill('SIGCONT');
    return Promise.all(calls);
  });
  const refused = results.filter((result) => result === 'ERR_OVERLOADED').length;
  expect(refused).toBeGreaterThan(100);
  expect(results.filter((result) => typeof result === 'object').length).toBe(1000 - refused);
  // Once it reads again, it takes everything as before.
  expect(await one.run((skynet) => codeOf(skynet.call(busy, 'lua', 'echo', 1)))).toEqual({ answered: [1] });
});

test('console and netstat show the mesh and its links', async () => {
  const one = await startPeer(1);
  const address = await addressOf(one);
  const two = await startPeer(2, { seeds: [address] });
  await two.run((skynet) => createMesh(skynet).connect(1));
  const type = await openConsole(two);
  const lines = (await type('mesh')).join('\n');
  expect(lines).toMatch(/^node\s+2@127\.0\.0\.1:\d+$/m);
  expect(lines).toMatch(/^decides\s+1 \(epoch 1\)$/m);
  expect(lines).toMatch(/^node 1\s+ready since \d{4}-.*received:\d+ sent:\d+ waiting:\d+$/m);
  expect((await type('netstat')).join('\n')).toContain(address);
});

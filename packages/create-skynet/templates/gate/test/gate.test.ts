import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startTestNode } from '@skynet/core/testing';
import { connectToGate } from '../client/frames.ts';

test('a client stores and reads; what another one stored, too', async (t) => {
  const node = await startTestNode({ services: ['./services/?'] }, { after: (stop) => t.after(stop) });
  const { port } = await node.run(async (skynet) => {
    await skynet.newService('store');
    const watchdog = await skynet.newService<typeof import('../services/watchdog.ts')>('watchdog');
    return skynet.proxy(watchdog).start({ host: '127.0.0.1', port: 0 });
  });

  const answers = async (...lines: string[]): Promise<string[]> => {
    const client = await connectToGate(port);
    for (const line of [...lines, 'quit']) client.send(line);
    const heard: string[] = [];
    for await (const line of client.lines) if (!line.startsWith('push ')) heard.push(line);
    return heard;
  };
  assert.deepEqual(await answers('set name anna', 'get name'), ['ok', 'ok anna', 'ok bye']);
  assert.deepEqual(await answers('get name', 'get'), ['ok anna', 'error get <key>', 'ok bye']);
});

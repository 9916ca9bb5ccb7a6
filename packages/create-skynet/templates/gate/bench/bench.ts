// npm run bench: requests a second through the gate, its agents and the store, over real connections.
import { startNode } from '@skynet/core';
import { connectToGate } from '../client/frames.ts';

const CLIENTS = 50;
const REQUESTS = 2000;

const node = await startNode({ services: ['./services/?'] }, { onLog: () => {} });
const { port } = await node.run(async (skynet) => {
  await skynet.newService('store');
  const watchdog = await skynet.newService<typeof import('../services/watchdog.ts')>('watchdog');
  return skynet.proxy(watchdog).start({ host: '127.0.0.1', port: 0, maxPerAddress: 0 });
});

/** One client, one request after another. */
async function play(): Promise<void> {
  const client = await connectToGate(port);
  let left = REQUESTS;
  client.send('get name');
  for await (const line of client.lines) {
    if (line.startsWith('push ')) continue;
    if (--left === 0) break;
    client.send('get name');
  }
  client.close();
}

const start = performance.now();
await Promise.all(Array.from({ length: CLIENTS }, play));
const seconds = (performance.now() - start) / 1000;
const each = Math.round((CLIENTS * REQUESTS) / seconds).toLocaleString('en');
console.log(`${CLIENTS} clients, one request each on its way: ${each} requests a second`);
await node.stop();

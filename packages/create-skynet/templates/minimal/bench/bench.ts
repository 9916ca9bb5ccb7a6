// npm run bench: calls a second from one service to another, in one thread and between two.
import { defineService, startNode } from '@skynet/core';

const CALLS = 200_000;

for (const thread of [1, 2]) {
  const node = await startNode({ thread, services: ['./services/?'] }, { onLog: () => {} });
  const placed = { name: 'counter', thread: thread - 1 };
  await node.newService(
    defineService(async (skynet) => {
      const counter = skynet.proxy(await skynet.newService<typeof import('../services/counter.ts')>(placed));
      for (let i = 0; i < CALLS / 10; i++) await counter.add(1); // warms up
      const start = performance.now();
      for (let i = 0; i < CALLS; i++) await counter.add(1);
      const each = (performance.now() - start) / CALLS;
      const where = thread === 1 ? 'in one thread' : 'between threads';
      console.log(`calls ${where}: ${Math.round(1000 / each).toLocaleString('en')} a second`);
    }),
  );
  await node.stop();
}

import { once } from 'node:events';
import { createServer } from 'node:net';
import { expect, test } from 'vitest';
import { freePort, freePorts, freeRow } from './free-port.ts';

test('ports that are free, each given once; some in a row', async () => {
  const first = await freeRow(2);
  const ports = [first, first + 1, ...(await freePorts(20))];
  expect(new Set(ports).size).toBe(22);
  for (const port of ports) {
    const server = createServer().listen(port);
    await once(server, 'listening');
    await once(server.close(), 'close');
  }
});

test.runIf(process.platform === 'linux')('a port is no other process’s until this one ends', async () => {
  const port = await freePort();
  const another = createServer().listen({ path: `\0skynet-test-port-${port}` });
  expect(await once(another, 'error')).toMatchObject([{ code: 'EADDRINUSE' }]);
});

import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { defineService } from '@skynet/core';
import { until, watchLeaks } from '@skynet/core/testing';
import { createHttpClient } from '@skynet/http';
import { createWebSocket } from '@skynet/http/websocket';
import { expect, onTestFinished, test } from 'vitest';
import { WebSocketServer } from 'ws';
import { freePort } from '../../../test/free-port.ts';
import { inTurn, service, testNode } from './setup.ts';

const SERVICES = 1000;
const AT_ONCE = 50;
const REQUESTS = 10_000;
/** For a machine that is busy, in milliseconds. */
const PATIENCE = 120_000;

/** A server of Node's own: answers all but `/silent`, and takes WebSockets. */
async function plainServer(at = 0): Promise<{ server: Server; port: number; count: () => Promise<number> }> {
  const server = createServer((request, response) => {
    if (request.url !== '/silent') response.end('x'.repeat(10));
  });
  new WebSocketServer({ server });
  server.listen(at, '127.0.0.1');
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  await once(server, 'listening');
  const count = (): Promise<number> =>
    new Promise((resolve, reject) =>
      server.getConnections((error, connections) => (error === null ? resolve(connections) : reject(error))),
    );
  return { server, port: (server.address() as AddressInfo).port, count };
}

test('a thousand services come and go with connections in use: the server has none left', {
  timeout: PATIENCE,
}, async () => {
  const { port, count } = await plainServer();
  const node = await testNode();
  const leaks = watchLeaks(node);
  const user = defineService(async (skynet, kind) => {
    const at = `127.0.0.1:${port}`;
    const http = createHttpClient(skynet);
    if (kind === 'read') await (await http.request(`http://${at}/`)).body.bytes();
    else if (kind === 'unread') await http.request(`http://${at}/`);
    else if (kind === 'waiting') {
      skynet.fork(() => http.request(`http://${at}/silent`));
      await skynet.yield();
    } else await createWebSocket(skynet).connect(`ws://${at}/`);
  });
  const kinds = ['read', 'unread', 'websocket', 'waiting'];
  let most = 0;
  await node.run(async (skynet) => {
    for (let made = 0; made < SERVICES; made += AT_ONCE) {
      const handles = await Promise.all(
        Array.from({ length: AT_ONCE }, (_, i) => skynet.newService(user, kinds[i % kinds.length] as string)),
      );
      most = Math.max(most, await skynet.await(count()));
      for (const handle of handles) skynet.kill(handle);
    }
    await skynet.await(until(async () => (await count()) === 0));
  });
  expect(most).toBeGreaterThan(AT_ONCE / 2);
  await leaks();
});

test('ten thousand tasks ask over four connections, and each gets its answer; more are refused', {
  timeout: PATIENCE,
}, async () => {
  const { port, count } = await plainServer();
  const skynet = await service(await testNode());
  await inTurn(skynet, async () => {
    const http = createHttpClient(skynet, { connections: 4, timeout: 0 });
    const ask = async (): Promise<number> =>
      (await (await http.request(`http://127.0.0.1:${port}/`)).body.bytes()).length;
    const asked = Array.from({ length: REQUESTS }, ask);
    await expect(ask()).rejects.toMatchObject({ code: 'ERR_HTTP_BUSY' });
    expect(new Set(await Promise.all(asked))).toEqual(new Set([10]));
    expect(await skynet.await(count())).toBeLessThanOrEqual(4);
    expect(http.pending).toBe(0);
    expect(await ask()).toBe(10);
  });
});

test('a server that is gone and comes back: what was under way fails with a code, what comes later works', async () => {
  const { server, port } = await plainServer(await freePort());
  const skynet = await service(await testNode());
  await inTurn(skynet, async () => {
    const http = createHttpClient(skynet);
    const url = `http://127.0.0.1:${port}`;
    await (await http.request(url)).body.bytes();
    const lost = http.request(`${url}/silent`);
    await skynet.await(until(() => http.pending > 0));
    await skynet.await(once(server, 'request'));
    const closed = once(server, 'close');
    server.close();
    server.closeAllConnections();
    await expect(lost).rejects.toMatchObject({ code: 'ERR_HTTP_CLIENT' });
    await skynet.await(closed);
    await expect(http.request(url)).rejects.toMatchObject({ code: 'ERR_HTTP_CLIENT' });
    server.listen(port, '127.0.0.1');
    await skynet.await(once(server, 'listening'));
    expect((await http.request(url)).status).toBe(200);
  });
});

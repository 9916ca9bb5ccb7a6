import { until } from '@skynet/core/testing';
import { createHttpClient, serve } from '@skynet/http';
import { createWebSocket } from '@skynet/http/websocket';
import { createSocket } from '@skynet/socket';
import { expect, test } from 'vitest';
import { inTurn, RawClient, service, testNode } from './setup.ts';

test('netstat has the connections of servers, WebSockets and clients, with what they have sent', async () => {
  const skynet = await service(await testNode());
  // All sockets of the thread, as the console shows them.
  const { netstat } = createSocket(skynet);
  const rows = (): string[] =>
    netstat
      .call(createSocket(skynet))
      .filter(({ address }) => address === skynet.self())
      .map(({ type, read, write }) => `${type} ${read} ${write}`);
  await inTurn(skynet, async () => {
    const websocket = createWebSocket(skynet);
    const server = await serve(skynet, {
      port: 0,
      handler: () => 'hello',
      upgrades: { '/ws': websocket.endpoint({ message: (id, data) => websocket.write(id, data) }) },
    });
    expect(rows()).toEqual(['LISTEN 0 0']);
    const request = 'GET / HTTP/1.1\r\nhost: a\r\n\r\n';
    const client = await skynet.await(RawClient.open(server.port));
    client.write(request);
    const answer = await skynet.await(client.until((text) => text.endsWith('hello'), 'the answer'));
    expect(rows()).toEqual(['LISTEN 1 0', `TCP ${request.length} ${answer.length}`]);
    const seen = createSocket(skynet)
      .netstat()
      .filter(({ type, address }) => type === 'TCP' && address === skynet.self());
    expect(seen.map(({ peer, sock }) => [peer, sock])).toEqual([
      [`127.0.0.1:${client.socket.localPort}`, `127.0.0.1:${server.port}`],
    ]);
    // The same number each time.
    expect(createSocket(skynet).netstat()).toContainEqual(seen[0]);
    client.socket.destroy();
    await skynet.await(until(() => rows().length <= 1));

    const id = await websocket.connect(`ws://127.0.0.1:${server.port}/ws`);
    websocket.write(id, 'hi');
    expect(await websocket.read(id)).toEqual(['hi', undefined]);
    // Masked from the client, not masked from the server.
    expect(rows()).toEqual(expect.arrayContaining(['TCP 4 8', 'TCP 8 4']));
    websocket.close(id);

    const http = createHttpClient(skynet);
    await (await http.request(`http://127.0.0.1:${server.port}/`)).body.bytes();
    expect(rows().filter((row) => /^TCP \d{2,} \d{2,}$/.test(row))).toHaveLength(2);
    await http.close();
    await server.close();
    await skynet.await(until(() => rows().length === 0));
  });
});

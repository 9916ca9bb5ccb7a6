import { uncoded } from '@skynet/core/testing';
import { createHttpClient, createHttpc, createSocketHelper, httpd, serve, serveSockets } from '@skynet/http';
import { createWebSocket } from '@skynet/http/websocket';
import { createSocket } from '@skynet/socket';
import { expect, test } from 'vitest';
import { answerTo, inTurn, served, service, statuses, testNode } from './setup.ts';

test('arguments that are nonsense are refused with a code', async () => {
  const node = await testNode();
  const skynet = await service(node);
  const socket = createSocket(skynet);
  const handler = (): string => 'x';
  const found = await inTurn(skynet, async () => {
    const httpc = createHttpc(skynet, { timeout: '1s' });
    const http = createHttpClient(skynet, { timeout: '1s' });
    const websocket = createWebSocket(skynet, socket);
    const nobody = '127.0.0.1:1';
    const url = `http://${nobody}/`;
    const option = (key: string) => (value: never) => serve(skynet, { port: 0, handler, [key]: value });
    return uncoded({
      serve: (value: never) => serve(skynet, value),
      ...Object.fromEntries(
        [
          ...[
            'port',
            'host',
            'address',
            'handler',
            'routes',
            'upgrades',
            'headLimit',
            'bodyLimit',
            'headTimeout',
          ],
          ...[
            'bodyTimeout',
            'idleTimeout',
            'sendTimeout',
            'drainTimeout',
            'keepAlive',
            'maxConnections',
            'agents',
          ],
        ].map((key) => [`serve ${key}`, option(key)]),
      ),
      serveSockets: (value: never) => serveSockets(skynet, socket, value),
      'accept of sockets': (value: never) => serveSockets(skynet, socket, { handler }).accept(value),
      createHttpc: (value: never) => createHttpc(skynet, value),
      'request method': (value: never) => httpc.request(value, nobody, '/'),
      'request host': (value: never) => httpc.request('GET', value, '/'),
      'request url': (value: never) => httpc.request('GET', nobody, value),
      'request header': (value: never) => httpc.request('GET', nobody, '/', null, value),
      'request header value': (value: never) => httpc.request('GET', nobody, '/', null, { a: value }),
      'request content': (value: never) => httpc.request('GET', nobody, '/', null, null, value),
      'dns server': (value: never) => httpc.dns(value),
      'dns port': (value: never) => httpc.dns('127.0.0.1', value),
      createHttpClient: (value: never) => createHttpClient(skynet, value),
      'client url': (value: never) => http.request(value),
      'client options': (value: never) => http.request(url, value),
      'client method': (value: never) => http.request(url, { method: value }),
      'client headers': (value: never) => http.request(url, { headers: value }),
      'client body': (value: never) => http.request(url, { body: value }),
      'client json': (value: never) => http.request(url, { json: value }),
      'client timeout': (value: never) => http.request(url, { timeout: value }),
      createSocketHelper: (value: never) => createSocketHelper(value),
      'writeResponse code': (value: never) => httpd.writeResponse(() => undefined, value),
      'writeResponse header': (value: never) => httpd.writeResponse(() => undefined, 200, 'x', value),
      endpoint: (value: never) => websocket.endpoint(value),
      'endpoint options': (value: never) => websocket.endpoint({}, value),
      'endpoint origins': (value: never) => websocket.endpoint({}, { origins: value }),
      'endpoint protocols': (value: never) => websocket.endpoint({}, { protocols: value }),
      'websocket accept': (value: never) => websocket.accept(value, {}),
      'websocket accept protocol': (value: never) => websocket.accept(5, {}, value),
      'websocket connect': (value: never) => websocket.connect(value),
      'websocket connect header': (value: never) => websocket.connect(`ws://${nobody}`, value),
      'websocket connect timeout': (value: never) => websocket.connect(`ws://${nobody}`, null, value),
      'websocket connect options': (value: never) => websocket.connect(`ws://${nobody}`, null, 0, value),
      'websocket read': (value: never) => websocket.read(value),
      'websocket write id': (value: never) => websocket.write(value, 'x'),
      'websocket write data': (value: never) => websocket.write(1, value),
      'websocket write type': (value: never) => websocket.write(1, 'x', value),
      'websocket write mask': (value: never) => websocket.write(1, 'x', 'text', value),
      'websocket ping': (value: never) => websocket.ping(value),
      'websocket close id': (value: never) => websocket.close(value),
      'websocket close code': (value: never) => websocket.close(1, value),
      'websocket close reason': (value: never) => websocket.close(1, 1000, value),
      'websocket addrInfo': (value: never) => websocket.addrInfo(value),
    });
  });
  expect(found).toEqual([]);
});

test('a body is read once', async () => {
  const { port } = await served({
    handler: async (request) => {
      await request.body.text();
      return await request.body.text().catch((error: { code: string }) => error.code);
    },
  });
  const received = await answerTo(port, 'GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n');
  expect(received).toMatch(/ERR_HTTP_BODY_USED$/);
});

test('JSON that is none is the client’s fault', async () => {
  const { port, node } = await served({
    handler: async (request) => JSON.stringify(await request.body.json()),
  });
  const post = (body: string): Promise<string> =>
    answerTo(
      port,
      `POST / HTTP/1.1\r\nhost: a\r\nconnection: close\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
    );
  expect(await post('{"a":1}')).toMatch(/\{"a":1\}$/);
  expect(statuses(await post('{"a"'))).toEqual([400]);
  expect(node.log.join('\n')).not.toContain('http POST');
});

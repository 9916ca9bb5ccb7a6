import { once } from 'node:events';
import { request as httpsRequest } from 'node:https';
import { connect as connectPlain } from 'node:net';
import { startTestNode, watchLeaks } from '@skynet/core/testing';
import { tls } from '@skynet/core/transport';
import { createHttpClient, createHttpc, serve } from '@skynet/http';
import { createWebSocket } from '@skynet/http/websocket';
import { createSocket } from '@skynet/socket';
import { expect, onTestFinished, test } from 'vitest';
import WebSocket from 'ws';
import { certificate } from '../../core/test/transport/certificate.ts';
import { inTurn, service } from './setup.ts';

const trusting = { server: certificate, client: { ca: certificate.cert, servername: 'localhost' } };

test('https and wss on one port, by clients of ours and of others', async () => {
  const node = await startTestNode({ transports: [tls(trusting)] }, { after: onTestFinished });
  const skynet = await service(node);
  const leaks = watchLeaks(node);
  await inTurn(skynet, async () => {
    const websocket = createWebSocket(skynet);
    const server = await serve(skynet, {
      address: 'tls://127.0.0.1:0',
      routes: {
        '/': ({ remoteAddress }) => `hello ${remoteAddress.split(':')[0]}`,
        'POST /': async ({ body }) => await body.bytes(),
      },
      upgrades: { '/ws': websocket.endpoint({ message: (id, data) => websocket.write(id, data) }) },
    });
    const { port } = server;
    const name = `localhost:${port}`;

    const other = httpsRequest({ host: '127.0.0.1', port, ca: certificate.cert, servername: 'localhost' });
    other.end();
    const [answer] = await skynet.await(once(other, 'response'));
    expect(answer.statusCode).toBe(200);
    expect(String((await skynet.await(once(answer, 'data')))[0])).toBe('hello 127.0.0.1');

    const http = createHttpClient(skynet, { ca: certificate.cert });
    const big = Buffer.alloc(300_000, 'x');
    const got = await http.request(`https://${name}/`, { body: big });
    expect(got.status).toBe(200);
    expect((await got.body.bytes()).equals(big)).toBe(true);
    expect(String((await createHttpc(skynet).get(`https://${name}`, '/'))[1])).toBe('hello 127.0.0.1');

    const mine = await websocket.connect(`wss://${name}/ws`);
    websocket.write(mine, 'hi');
    expect(await websocket.read(mine)).toEqual(['hi', undefined]);
    const theirs = new WebSocket(`wss://${name}/ws`, { ca: certificate.cert });
    await skynet.await(once(theirs, 'open'));
    theirs.send('there');
    expect(String((await skynet.await(once(theirs, 'message')))[0])).toBe('there');
    theirs.close();
    websocket.close(mine);

    // Plain text on the port of TLS harms nobody.
    const plain = connectPlain(port, '127.0.0.1').on('error', () => undefined);
    plain.write('GET / HTTP/1.1\r\nhost: a\r\n\r\n');
    await skynet.await(once(plain, 'close'));
    expect((await (await http.request(`https://${name}/`)).body.text()).slice(0, 5)).toBe('hello');
    await http.close();
    await server.close();
  });
  await leaks();
});

test('wss by a socket that somebody has accepted', async () => {
  const node = await startTestNode({ transports: [tls(trusting)] }, { after: onTestFinished });
  const skynet = await service(node);
  await inTurn(skynet, async () => {
    const socket = createSocket(skynet, { encoding: 'bytes' });
    const websocket = createWebSocket(skynet, socket);
    const listener = await socket.listen('tls://127.0.0.1:0');
    const handler = { message: (id: number, data: string | Buffer) => websocket.write(id, data) };
    await socket.start(listener, (id, address) => websocket.accept(id, handler, 'wss', address));
    const id = await websocket.connect(`wss://localhost:${socket.localAddress(listener).port}/`);
    websocket.write(id, 'hi');
    expect(await websocket.read(id)).toEqual(['hi', undefined]);
    websocket.close(id);
  });
});

test('a server whose certificate is not trusted is not asked', async () => {
  const node = await startTestNode({ transports: [tls({ server: certificate })] }, { after: onTestFinished });
  const skynet = await service(node);
  await inTurn(skynet, async () => {
    const asked: string[] = [];
    const server = await serve(skynet, {
      address: 'tls://127.0.0.1:0',
      handler: ({ url }) => {
        asked.push(url);
        return 'secret';
      },
    });
    const name = `localhost:${server.port}`;
    const code = (promise: Promise<unknown>): Promise<string> =>
      promise.then(
        () => 'connected',
        (error: { code: string }) => error.code,
      );
    expect(await code(createHttpClient(skynet).request(`https://${name}/`))).toBe('ERR_HTTP_CLIENT');
    expect(await code(createHttpc(skynet).get(`https://${name}`, '/'))).toBe('ERR_CONNECT');
    expect(await code(createWebSocket(skynet).connect(`wss://${name}/`))).toBe('ERR_CONNECT');
    expect(asked).toEqual([]);
  });
});

import { once } from 'node:events';
import { get } from 'node:http';
import { connect as netConnect } from 'node:net';
import { createTransports, type Listener } from '@skynet/core/transport';
import { type WsOptions, ws } from '@skynet/core/ws';
import { describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { certificate } from '../transport/certificate.ts';
import { listen, stranger } from './ws-listener.ts';

async function statusOf(
  url: string,
  options: ConstructorParameters<typeof WebSocket>[2] = {},
): Promise<number> {
  const socket = new WebSocket(url, options);
  socket.on('error', () => {});
  const [, response] = await once(socket, 'unexpected-response');
  socket.terminate();
  return response.statusCode;
}

describe('ws', () => {
  it('sends what was written in one turn as one binary message', async () => {
    const { url, next } = await listen();
    const client = await stranger(url);
    const { connection } = await next();
    const messages: Buffer[] = [];
    client.on('message', (data: Buffer, isBinary) => {
      expect(isBinary).toBe(true);
      messages.push(data);
    });
    for (const word of ['one', 'two', 'three']) connection.write(Buffer.from(word));
    await once(client, 'message');
    connection.write(Buffer.from('four'));
    await once(client, 'message');
    expect(messages.map(String)).toEqual(['onetwothree', 'four']);
  });

  it('takes messages as they come, whole or in fragments', async () => {
    const { url, next } = await listen();
    const client = await stranger(url);
    const { heard } = await next();
    client.send(Buffer.from('ab'));
    client.send(Buffer.from('cd'), { fin: false });
    client.send(Buffer.from('ef'), { fin: true });
    expect((await heard.size(6)).toString()).toBe('abcdef');
  });

  it('sends no message above 64 KiB', async () => {
    const { url, next } = await listen();
    const client = await stranger(url);
    const { connection } = await next();
    const sizes: number[] = [];
    client.on('message', (data: Buffer) => sizes.push(data.length));
    connection.write(new Uint8Array(300_000));
    connection.close();
    await once(client, 'close');
    expect(Math.max(...sizes)).toBe(65_536);
    expect(sizes.reduce((sum, size) => sum + size)).toBe(300_000);
  });

  it('refuses text with close code 1003, and tells the receiver', async () => {
    const { url, next } = await listen();
    const client = await stranger(url);
    const { heard } = await next();
    client.send('text');
    client.send(Buffer.from('more'));
    const [code, reason] = await once(client, 'close');
    expect([code, String(reason)]).toEqual([1003, 'binary messages only']);
    await heard.event('closed');
    expect(heard.events).toEqual(['error ERR_CONNECTION_RESET', 'closed']);
    expect(heard.errors[0]?.message).toBe('WebSocket: the peer sent a text message');
    expect(heard.received).toBe(0);
  });

  it('refuses a message above the limit with close code 1009', async () => {
    const { url, next } = await listen({ maxPayload: 1000 });
    const client = await stranger(url);
    const { heard } = await next();
    client.send(new Uint8Array(1000));
    await heard.size(1000);
    client.send(new Uint8Array(1001));
    const [code] = await once(client, 'close');
    expect(code).toBe(1009);
    await heard.event('closed');
    expect(heard.events).toEqual(['error ERR_FRAME_TOO_LARGE', 'closed']);
  });

  it('tells of frames that are none', async () => {
    const { url, next } = await listen();
    const client = await stranger(url);
    const { heard } = await next();
    (client as unknown as { _socket: { write(bytes: Buffer): void } })._socket.write(
      Buffer.from('ff00', 'hex'),
    );
    const [code] = await once(client, 'close');
    expect(code).toBe(1002);
    await heard.event('closed');
    expect(heard.events).toEqual(['error ERR_CONNECTION_RESET', 'closed']);
  });

  it('closes with a close frame, and shows that of the peer as the end', async () => {
    const { url, next } = await listen();
    const client = await stranger(url);
    const first = await next();
    first.connection.close();
    expect((await once(client, 'close'))[0]).toBe(1000);
    await first.heard.event('closed');
    expect(first.heard.events).toEqual(['closed']);
    const other = await stranger(url);
    const second = await next();
    other.close(1001);
    await second.heard.event('closed');
    expect(second.heard.events).toEqual(['end', 'closed']);
  });

  it('shows a close frame with a complaint as an error', async () => {
    const { url, next } = await listen();
    const client = await stranger(url);
    const { heard } = await next();
    client.close(4000, 'no more');
    await heard.event('closed');
    expect(heard.errors[0]?.message).toBe('WebSocket: closed by the peer with 4000 no more');
    expect(heard.errors[0]?.details).toMatchObject({ code: 4000 });
    const forger = await stranger(url);
    const forged = await next();
    forger.close(4001, '\n[:00000001] admin\u001b[31m');
    await forged.heard.event('closed');
    expect(forged.heard.errors[0]?.message).toBe(
      'WebSocket: closed by the peer with 4001 \\n[:00000001] admin\\x1b[31m',
    );
  });

  it('stays in one path, if the address has one', async () => {
    const { url } = await listen({}, 'ws://127.0.0.1:0/game');
    expect(url).toMatch(/^ws:\/\/127\.0\.0\.1:\d+\/game$/);
    const base = url.slice(0, -'/game'.length);
    await stranger(`${base}/game?token=1`);
    expect(await statusOf(`${base}/other`)).toBe(404);
    await expect(createTransports([ws()]).connect(`${base}/other`)).rejects.toMatchObject({
      code: 'ERR_CONNECT',
      message: 'the server answers 404',
    });
  });

  it('shares a port between listeners with different paths', async () => {
    const transports = createTransports([ws()]);
    const came: string[] = [];
    const listenAt = (address: string, name: string): Promise<Listener> =>
      transports.listen(address, {}, (connection) => {
        came.push(name);
        connection.destroy();
      });
    const login = await listenAt('ws://127.0.0.1:0/login', 'login');
    const base = `ws://127.0.0.1:${login.port}`;
    const game = await listenAt(`${base}/game`, 'game');
    const rest = await listenAt(base, 'rest');
    for (const path of ['/game', '/login', '/other']) {
      const client = new WebSocket(base + path);
      client.on('error', () => {});
      await once(client, 'close');
    }
    expect(came).toEqual(['game', 'login', 'rest']);
    await expect(listenAt(`${base}/game`, 'again')).rejects.toMatchObject({ code: 'ERR_LISTEN' });
    await login.close();
    await rest.close();
    expect(await statusOf(`${base}/login`)).toBe(404);
    await game.close();
    await expect(transports.connect(`${base}/game`)).rejects.toMatchObject({ code: 'ERR_CONNECT' });
    const both = await Promise.all([listenAt(`${base}/game`, 'anew'), listenAt(`${base}/login`, 'too')]);
    for (const listener of both) await listener.close();
  });

  it('lets in pages of the origins it knows, and clients that are no pages', async () => {
    const { url, accepted } = await listen({ origins: ['https://game.example'] });
    await stranger(url, { origin: 'https://game.example' });
    await stranger(url);
    expect(await statusOf(url, { origin: 'https://evil.example' })).toBe(403);
    expect(accepted.all).toHaveLength(2);
    const picky = await listen({ origins: (origin) => origin === 'null' });
    expect(await statusOf(picky.url)).toBe(403);
    await stranger(picky.url, { origin: 'null' });
  });

  it('answers who does not ask for an upgrade, and closes on who says nothing', async () => {
    const { url, port, accepted } = await listen({ handshakeTimeout: 2000 });
    const status = await new Promise((resolve, reject) => {
      get(url.replace('ws:', 'http:'), (response) => {
        response.resume();
        resolve(response.statusCode);
      }).on('error', reject);
    });
    expect(status).toBe(426);
    const silent = netConnect(port, '127.0.0.1');
    const slow = netConnect(port, '127.0.0.1').on('error', () => {});
    slow.write('GET / HTTP/1.1\r\nupgrade: websocket\r\n');
    await Promise.all([once(silent, 'close'), once(slow, 'close')]);
    expect(accepted.all).toHaveLength(0);
  });

  it('keeps a connection that was upgraded in time', async () => {
    const { url, port, next } = await listen({ handshakeTimeout: 2000 });
    const client = await stranger(url);
    const { heard } = await next();
    const silent = netConnect(port, '127.0.0.1');
    await once(silent, 'close'); // so the time is over
    client.send(Buffer.from('still here'));
    await heard.size(10);
  });

  it('gives up connecting to a server that says nothing', async () => {
    const { createServer } = await import('node:net');
    const server = createServer(() => {}).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const url = `ws://127.0.0.1:${(server.address() as { port: number }).port}`;
    const transports = createTransports([ws()]);
    await expect(transports.connect(url, { timeout: 20 })).rejects.toMatchObject({ code: 'ERR_TIMEOUT' });
    const controller = new AbortController();
    const attempt = transports.connect(url, { signal: controller.signal });
    setImmediate(() => controller.abort());
    await expect(attempt).rejects.toMatchObject({ code: 'ERR_ABORTED' });
    server.close();
  });

  it('checks who a wss server is', async () => {
    const { url } = await listen({ server: certificate }, 'wss://127.0.0.1:0');
    await expect(createTransports([ws()]).connect(url)).rejects.toMatchObject({
      code: 'ERR_CONNECT',
      message: expect.stringMatching(/self.signed certificate/),
    });
  });

  it.each([
    [{ maxPayload: 0 }, 'ws option maxPayload must be a whole number from 1 on, not 0'],
    [{ handshakeTimeout: 1.5 }, 'ws option handshakeTimeout must be a whole number from 0 on, not 1.5'],
    [{ noDelay: 'yes' }, 'ws option noDelay must be true or false, not "yes"'],
    [{ origin: [] }, 'unknown ws option "origin", perhaps origins is meant'],
    [{ server: 'cert.pem' }, 'ws option server must be an object with settings of node:tls, not "cert.pem"'],
    [{ headers: { 'a b': 'c' } }, /^ws option headers must be headers of HTTP \(/],
    [{ headers: { cookie: 'a\r\nb' } }, /^ws option headers must be headers of HTTP \(/],
  ])('refuses %j', (options, message) => {
    expect(() => ws(options as WsOptions)).toThrow(
      expect.objectContaining({
        code: 'ERR_ARGUMENT',
        message: typeof message === 'string' ? message : expect.stringMatching(message),
        details: expect.objectContaining({ key: Object.keys(options)[0] }),
      }),
    );
  });

  it.each([
    ['https://game.example/', 'origins as browsers write them, as https://game.example'],
    ['https://game.example:443', 'origins as browsers write them, as https://game.example'],
    ['http://game.example:80', 'origins as browsers write them, as http://game.example'],
    ['https://game.example/play?x=1', 'origins as browsers write them, as https://game.example'],
    ['https://me@game.example', 'origins as browsers write them, as https://game.example'],
    ['https://münchen.example', 'origins as browsers write them, as https://xn--mnchen-3ya.example'],
    [' https://game.example', 'origins as browsers write them, as https://game.example'],
    ['app://localhost/', 'origins as browsers write them, as app://localhost'],
    ['https://*.game.example', 'single origins (a function can decide for many)'],
    ['game.example', 'origins such as https://game.example'],
    ['localhost:8080', 'origins such as https://game.example'],
    ['*', 'origins such as https://game.example'],
    ['', 'origins such as https://game.example'],
    [7, 'origins such as https://game.example'],
  ])('refuses %j among origins: no browser could ever send it', (entry, better) => {
    expect(() => ws({ origins: ['https://other.example', entry as string] })).toThrow(
      expect.objectContaining({
        code: 'ERR_ARGUMENT',
        message: `ws option origins must be ${better}, not ${JSON.stringify(entry)}`,
        details: { key: 'origins' },
      }),
    );
  });

  it.each([
    ['https://game.example', 'https://game.example'],
    ['https://Game.Example', 'https://game.example'],
    ['https://game.example:8443', 'https://game.example:8443'],
    ['http://[::1]:8080', 'http://[::1]:8080'],
    ['capacitor://localhost', 'capacitor://localhost'],
    ['null', 'null'],
  ])('takes %j among origins, and lets in a page of %s', async (entry, origin) => {
    const { url } = await listen({ origins: [entry] });
    await stranger(url, { origin });
    expect(await statusOf(url, { origin: `${origin}.evil` })).toBe(403);
  });

  it('refuses an address that is none', async () => {
    await expect(createTransports([ws()]).connect('ws://127.0.0.1:1/#part')).rejects.toMatchObject({
      code: 'ERR_ADDRESS_INVALID',
    });
  });
});

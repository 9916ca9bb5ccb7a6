import { once } from 'node:events';
import { createServer } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { readPlainRequest } from '../../src/ws/plain-request.ts';
import { frame, RawClient } from './raw-client.ts';
import { listen } from './ws-listener.ts';

const LINES = [
  'Host: game.example:8888',
  'Upgrade: websocket',
  'Connection: keep-alive, Upgrade',
  'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
  'Sec-WebSocket-Version: 13',
];

function requestOf(lines: readonly string[], first = 'GET /a?b=c HTTP/1.1'): Buffer {
  return Buffer.from([first, ...lines, '\r\n'].join('\r\n'), 'latin1');
}

/** A server of node:http alone: what it makes of bytes, undefined if it is no request for an upgrade. */
const server = createServer((_request, response) => void response.writeHead(426).end());
interface Seen {
  url: string | undefined;
  headers: NodeJS.Dict<string | string[]>;
  head: string;
}
const seen = new Map<number, Seen>();
server.on('upgrade', ({ url, headers }, socket, head) => {
  seen.set((socket as Socket).remotePort ?? 0, {
    url,
    headers: { ...headers },
    head: head.toString('latin1'),
  });
  socket.end('HTTP/1.1 101 Switching Protocols\r\n\r\n');
});
server.on('clientError', (_error, socket) => socket.destroy());

async function seenByNode(bytes: Buffer): Promise<Seen | undefined> {
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
  socket.on('error', () => {});
  await once(socket, 'connect');
  const { localPort = 0 } = socket;
  socket.resume().end(bytes);
  await once(socket, 'close');
  return seen.get(localPort);
}

describe('a request for an upgrade that is read without node:http', () => {
  beforeAll(async () => {
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
  });
  afterAll(() => void server.close());

  it('has its headers by their names in small letters, and says where it ends', () => {
    const bytes = requestOf([...LINES, 'Origin:https://game.example ', 'X-Empty:']);
    expect(readPlainRequest(Buffer.concat([bytes, Buffer.from('more')]))).toEqual({
      method: 'GET',
      url: '/a?b=c',
      size: bytes.length,
      headers: {
        host: 'game.example:8888',
        upgrade: 'websocket',
        connection: 'keep-alive, Upgrade',
        'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
        'sec-websocket-version': '13',
        origin: 'https://game.example',
        'x-empty': '',
      },
    });
  });

  it.each([
    ['another method', requestOf(LINES, 'POST / HTTP/1.1')],
    ['an older version', requestOf(LINES, 'GET / HTTP/1.0')],
    ['a whole URL', requestOf(LINES, 'GET http://a/ HTTP/1.1')],
    ['a path with a space', requestOf(LINES, 'GET /a b HTTP/1.1')],
    ['a line without a name', requestOf([...LINES, ': a'])],
    ['a line without a colon', requestOf([...LINES, 'a'])],
    ['a space behind a name', requestOf([...LINES, 'a : b'])],
    ['a line that goes on', requestOf([...LINES, 'a: b', ' c'])],
    ['a header that comes twice', requestOf([...LINES, 'HOST: other'])],
    ['a name that every object has', requestOf([...LINES, 'constructor: a', '__proto__: b'])],
    ['bytes that are no text', requestOf([...LINES, 'a: \xe9\x00'])],
    ['a line that ends in a newline alone', requestOf([...LINES, 'a: b\nc: d'])],
    ['a body', requestOf([...LINES, 'Content-Length: 4'])],
    ['a body in pieces', requestOf([...LINES, 'Transfer-Encoding: chunked'])],
    ['an answer that is waited for', requestOf([...LINES, 'Expect: 100-continue'])],
    ['no host', requestOf(LINES.slice(1))],
    ['no upgrade', requestOf(LINES.filter((line) => !line.startsWith('Upgrade')))],
    ['no connection', requestOf(LINES.filter((line) => !line.startsWith('Connection')))],
    ['another connection', requestOf(LINES.map((line) => line.replace(', Upgrade', ', Upgrades')))],
    ['a long head', requestOf([...LINES, `Cookie: ${'a'.repeat(4096)}`])],
    ['a part', requestOf(LINES).subarray(0, -1)],
    ['nothing', Buffer.alloc(0)],
  ])('is none with %s', (_what, bytes) => expect(readPlainRequest(bytes)).toBeUndefined());

  it('is read by node:http alike', async () => {
    const odd = fc.constantFrom(
      'Cookie: a=b; c=d',
      'cookie:  x',
      'Content-Length: 0',
      'X: ',
      'X-Y:\ta\t',
      'Connection: Upgrade',
      'Connection: close',
      'Upgrade: h2c',
      'a b: c',
      ' folded',
      'x: \x7f',
      'x: a\rb',
      'Host:',
      'Trailer: x',
    );
    const any = fc.string({ unit: fc.constantFrom(...'aZ09-_:;, \t\r\n%/"é'), maxLength: 12 });
    const line = fc.oneof(odd, any, fc.constantFrom(...LINES));
    const lines = fc
      .tuple(fc.shuffledSubarray(LINES, { minLength: 4 }), fc.array(line, { maxLength: 2 }))
      .chain(([some, others]) => fc.shuffledSubarray([...some, ...others], { minLength: some.length }));
    const first = fc.oneof(
      { weight: 5, arbitrary: fc.constant('GET / HTTP/1.1') },
      any.map((path) => `GET /${path} HTTP/1.1`),
    );
    let plain = 0;
    await fc.assert(
      fc.asyncProperty(lines, first, fc.constantFrom('', 'x'), async (given, start, behind) => {
        const bytes = Buffer.concat([requestOf(given, start), Buffer.from(behind)]);
        const ours = readPlainRequest(bytes);
        if (ours === undefined) return;
        plain++;
        const { url, headers, size } = ours;
        const head = bytes.toString('latin1', size);
        expect(await seenByNode(bytes)).toEqual({ url, headers, head });
      }),
      { numRuns: 300, examples: [[LINES, 'GET / HTTP/1.1', 'x']] },
    );
    expect(plain).toBeGreaterThan(0);
  });

  it('may come in pieces, however it is cut, or in a way that only node:http reads', async () => {
    const { port, next } = await listen();
    const whole = requestOf(LINES);
    const cuts = [1, 20, whole.length - 30, whole.length - 3, whole.length - 1].map((at) => [
      whole.subarray(0, at),
      whole.subarray(at),
    ]);
    const others = [requestOf([...LINES, 'A: 1', 'A: 2']), requestOf([...LINES, 'B: \xe9'])];
    for (const pieces of [...cuts, ...others.map((bytes) => [bytes])]) {
      const socket = connect(port, '127.0.0.1');
      onTestFinished(() => void socket.destroy());
      const client = new RawClient(socket);
      await once(socket, 'connect');
      socket.setNoDelay();
      for (const piece of pieces)
        await new Promise<void>((resolve) => void socket.write(piece, () => resolve()));
      const { connection, heard } = await next();
      connection.write(Buffer.from('hello'));
      socket.write(frame(2, 'and you'));
      expect((await heard.size(7)).toString()).toBe('and you');
      expect((await client.frames.find(({ opcode }) => opcode === 2, 'a message')).data.toString()).toBe(
        'hello',
      );
      expect(client.status).toBe(101);
    }
  });

  it('need not come: who leaves, or asks for something else, holds nothing', async () => {
    const { port, next } = await listen();
    const silent = connect(port, '127.0.0.1');
    await once(silent, 'connect');
    silent.end();
    await once(silent.resume(), 'close');
    const asking = connect(port, '127.0.0.1');
    asking.write('GET / HTTP/1.1\r\nhost: a\r\n\r\n');
    const [answer] = await once(asking, 'data');
    expect(String(answer)).toMatch(/^HTTP\/1\.1 426 /);
    await once(asking.resume(), 'close');
    const socket = connect(port, '127.0.0.1');
    onTestFinished(() => void socket.destroy());
    socket.write(requestOf(LINES));
    await next();
  });
});

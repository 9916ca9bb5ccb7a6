import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import type { Skynet } from '@skynet/core';
import { until, watchLeaks } from '@skynet/core/testing';
import { createHttpc, type HeaderTable, type Httpc } from '@skynet/http';
import { expect, onTestFinished, test } from 'vitest';
import { inTurn, served, service, testNode } from './setup.ts';

interface Answering {
  readonly host: string;
  /** What came, by connection. */
  readonly received: string[];
}

/** A server that answers every connection, once its head has come, with these bytes, and closes if `end`. */
async function answering(bytes: string | ((socket: Socket) => void), end = true): Promise<Answering> {
  const received: string[] = [];
  const server = createServer((socket) => {
    const at = received.push('') - 1;
    socket.on('error', () => undefined);
    socket.on('data', (chunk) => {
      const before = received[at] as string;
      received[at] = before + chunk.toString('latin1');
      if (before.includes('\r\n\r\n') || !(received[at] as string).includes('\r\n\r\n')) return;
      if (typeof bytes === 'function') bytes(socket);
      else if (end) socket.end(Buffer.from(bytes, 'latin1'));
      else socket.write(Buffer.from(bytes, 'latin1'));
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  return { host: `127.0.0.1:${(server.address() as AddressInfo).port}`, received };
}

async function client<Result>(work: (httpc: Httpc, skynet: Skynet) => Promise<Result>): Promise<Result> {
  const node = await testNode();
  const skynet = await service(node);
  const leaks = watchLeaks(node);
  const result = await inTurn(skynet, () => work(createHttpc(skynet), skynet));
  await leaks();
  return result;
}

function codeOf(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    (value) => value,
    (error: { code?: string }) => error.code,
  );
}

const OK = 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok';

test('a request goes out in the original’s spelling', async () => {
  const server = await answering(OK);
  const { host } = server;
  await client(async (httpc) => {
    await httpc.request('GET', host, '/p?q=1');
    await httpc.request('POST', host, '/', undefined, { 'x-a': ['1', '2'], B: 'c' }, 'hello');
    await httpc.request('GET', `http://${host}`, '/', undefined, { HOST: 'other' });
    await httpc.request(
      'PUT',
      host,
      '/',
      undefined,
      { 'transfer-encoding': 'chunked' },
      '2\r\nok\r\n0\r\n\r\n',
    );
    await httpc.post(host, '/form', { 'a b': 'c&d', e_1: '你' });
    expect(await httpc.head(host, '/')).toBe(200);
  });
  expect(server.received).toEqual([
    `GET /p?q=1 HTTP/1.1\r\nhost:${host}\r\nContent-length:0\r\n\r\n`,
    `POST / HTTP/1.1\r\nx-a:1\r\nx-a:2\r\nB:c\r\nHost:${host}\r\nContent-length:5\r\n\r\nhello`,
    'GET / HTTP/1.1\r\nHOST:other\r\nContent-length:0\r\n\r\n',
    `PUT / HTTP/1.1\r\ntransfer-encoding:chunked\r\nHost:${host}\r\n\r\n2\r\nok\r\n0\r\n\r\n`,
    'POST /form HTTP/1.1\r\ncontent-type:application/x-www-form-urlencoded\r\n' +
      `Host:${host}\r\nContent-length:25\r\n\r\na%20b=c%26d&e_1=%E4%BD%A0`,
    `HEAD / HTTP/1.1\r\nhost:${host}\r\nContent-length:0\r\n\r\n`,
  ]);
});

test.each([
  ['by length', OK, 200, 'ok'],
  ['what is behind the length is not looked at', `${OK}garbage`, 200, 'ok'],
  ['until the end', 'HTTP/1.1 200 OK\r\n\r\nall of it', 200, 'all of it'],
  ['HTTP/1.0', 'HTTP/1.0 404 No\r\n\r\nsorry', 404, 'sorry'],
  ['no reason', 'HTTP/1.1 299\r\ncontent-length: 0\r\n\r\n', 299, ''],
  [
    'chunked',
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\n2;x=y\r\nab\r\n1\r\nc\r\n0\r\n\r\n',
    200,
    'abc',
  ],
  ['no body with 204', 'HTTP/1.1 204 No Content\r\n\r\nbody', 204, ''],
  ['no body with 304', 'HTTP/1.1 304 Not Modified\r\ncontent-length: 5\r\n\r\n', 304, ''],
  ['1xx first', `HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\n${OK}`, 200, 'ok'],
  ['identity', 'HTTP/1.1 200 OK\r\ntransfer-encoding: identity\r\n\r\nall', 200, 'all'],
  [
    'packed, as it came',
    'HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 2\r\n\r\n\x1f\x8b',
    200,
    '\x1f\x8b',
  ],
])('an answer: %s', async (_, bytes, status, body) => {
  const { host } = await answering(bytes);
  const [code, content] = await client((httpc) => httpc.request('GET', host, '/'));
  expect([code, content.toString('latin1')]).toEqual([status, body]);
  const pieces = await client(async (httpc) => {
    const stream = await httpc.requestStream('GET', host, '/');
    expect(stream.status).toBe(status);
    const all: Buffer[] = [];
    for await (const piece of stream) all.push(piece);
    return Buffer.concat(all).toString('latin1');
  });
  expect(pieces).toBe(body);
});

test('fields come in lower case, repeated ones as lists, those behind the body too', async () => {
  const { host } = await answering(
    'HTTP/1.1 200 OK\r\nX-A: 1\r\nx-a: 2\r\n__proto__: x\r\nx-b:\xe9 \r\ntransfer-encoding: chunked\r\n\r\n0\r\nX-C: 3\r\nx-b: 4\r\n\r\n',
  );
  const header: HeaderTable = Object.create(null) as HeaderTable;
  await client((httpc) => httpc.get(host, '/', header));
  expect(Object.entries(header)).toEqual([
    ['x-a', ['1', '2']],
    ['__proto__', 'x'],
    ['x-b', ['\xe9', '4']],
    ['transfer-encoding', 'chunked'],
    ['x-c', '3'],
  ]);
});

test.each([
  ['nothing', '', 'ERR_HTTP_SOCKET'],
  ['half a head', 'HTTP/1.1 200 OK\r\ncont', 'ERR_HTTP_SOCKET'],
  ['no HTTP', 'hello\r\n\r\n', 'ERR_HTTP_MESSAGE'],
  ['HTTP/3.0', 'HTTP/3.0 200 OK\r\n\r\n', 'ERR_HTTP_MESSAGE'],
  ['a length that is none', 'HTTP/1.1 200 OK\r\ncontent-length: five\r\n\r\n', 'ERR_HTTP_MESSAGE'],
  ['two lengths', 'HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nab', 'ERR_HTTP_MESSAGE'],
  [
    'length and chunked',
    'HTTP/1.1 200 OK\r\ncontent-length: 1\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n',
    'ERR_HTTP_MESSAGE',
  ],
  ['gzip as transfer coding', 'HTTP/1.1 200 OK\r\ntransfer-encoding: gzip\r\n\r\nx', 'ERR_HTTP_MESSAGE'],
  ['a short body', 'HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nab', 'ERR_HTTP_BODY'],
  ['chunks that break off', 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nab', 'ERR_HTTP_BODY'],
  [
    'chunks without the last',
    'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nab\r\n',
    'ERR_HTTP_BODY',
  ],
  [
    'a chunk size that is none',
    'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nx\r\nab\r\n',
    'ERR_HTTP_MESSAGE',
  ],
  ['an endless head', `HTTP/1.1 200 OK\r\n${'a: b\r\n'.repeat(20_000)}`, 'ERR_HTTP_HEAD_LIMIT'],
  ['only promises', 'HTTP/1.1 100 Continue\r\n\r\n'.repeat(100), 'ERR_HTTP_MESSAGE'],
])('an answer that is none: %s', async (_, bytes, code) => {
  const { host } = await answering(bytes);
  expect(await codeOf(client((httpc) => httpc.request('GET', host, '/')))).toBe(code);
});

test('a stream gives what came before it broke off, and may be left early', async () => {
  const { host } = await answering('HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nab');
  const endless = await answering((socket) => {
    socket.write('HTTP/1.1 200 OK\r\n\r\n');
    const more = (): void => void (socket.writable && socket.write(Buffer.alloc(65_536), more));
    more();
  });
  await client(async (httpc) => {
    const stream = await httpc.requestStream('GET', host, '/');
    const pieces: string[] = [];
    const reading = (async () => {
      for await (const piece of stream) pieces.push(piece.toString());
    })();
    expect(await codeOf(reading)).toBe('ERR_HTTP_BODY');
    expect(pieces).toEqual(['ab']);
    let size = 0;
    for await (const piece of await httpc.requestStream('GET', endless.host, '/')) {
      size += piece.length;
      if (size > 1_000_000) break;
    }
    (await httpc.requestStream('GET', endless.host, '/')).close();
  });
});

test.each([
  ['refused, not collected', `\r\n${'x'.repeat(2000)}`],
  ['refused when its length says so', 'content-length: 1001\r\n\r\n'],
  ['refused when a chunk says so', 'transfer-encoding: chunked\r\n\r\n1\r\na\r\n3e8\r\n'],
])('a body above the limit is %s', async (_, rest) => {
  const { host } = await answering((socket) => void socket.write(`HTTP/1.1 200 OK\r\n${rest}`));
  await client(async (_, skynet) => {
    const httpc = createHttpc(skynet, { bodyLimit: 1000 });
    expect(await codeOf(httpc.get(host, '/'))).toBe('ERR_HTTP_BODY_LIMIT');
  });
});

test('the timeout covers the whole exchange', async () => {
  const silent = await answering(() => undefined);
  const slow = await answering(
    (socket) => void socket.write('HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nab'),
  );
  await client(async (httpc) => {
    httpc.timeout = '100ms';
    expect(await codeOf(httpc.get(silent.host, '/'))).toBe('ERR_TIMEOUT');
    expect(await codeOf(httpc.get(slow.host, '/'))).toBe('ERR_TIMEOUT');
    expect(await codeOf(httpc.requestStream('GET', silent.host, '/'))).toBe('ERR_TIMEOUT');
  });
});

test('what cannot be sent is refused before anything is', async () => {
  const server = await answering(OK);
  const { host } = server;
  await client(async (httpc) => {
    const request = (...args: unknown[]): Promise<unknown> =>
      codeOf((httpc.request as (...args: unknown[]) => Promise<unknown>).apply(httpc, args));
    expect(await request('GET', host, '/ HTTP/1.1\r\nx: y\r\n\r\nGET /')).toBe('ERR_HTTP_URL');
    expect(await request('GET', host, '')).toBe('ERR_HTTP_URL');
    expect(await request('GET /', host, '/')).toBe('ERR_HTTP_HEADER');
    expect(await request('GET', host, '/', null, { a: 'b\r\nc: d' })).toBe('ERR_HTTP_HEADER');
    expect(await request('GET', host, '/', null, { 'a\r\nb': 'c' })).toBe('ERR_HTTP_HEADER');
    expect(await request('GET', host, '/', null, { 'content-length': '5' }, 'x')).toBe('ERR_HTTP_HEADER');
    expect(await request('GET', host, '/', null, { 'transfer-encoding': 'gzip' }, 'x')).toBe(
      'ERR_HTTP_HEADER',
    );
    for (const bad of ['ftp://a', '::1', 'a b', 'a:99999', 'a/b', 'a@b', '', '[::1'])
      expect(await request('GET', bad, '/'), bad).toBe('ERR_HTTP_URL');
  });
  expect(server.received).toEqual([]);
});

test('nobody there, and names that are none', async () => {
  await client(async (httpc) => {
    expect(await codeOf(httpc.get('127.0.0.1:1', '/'))).toBe('ERR_CONNECT');
    httpc.dns('127.0.0.1', 1);
    expect(await codeOf(httpc.get('nowhere.test', '/'))).toBe('ERR_CONNECT');
    expect(() => httpc.dns('not an address')).toThrow(/IP address/);
  });
});

test('a task that is killed, and a service that ends, leave no connection', async () => {
  const silent = await answering(() => undefined);
  const node = await testNode();
  const leaks = watchLeaks(node);
  const skynet = await service(node);
  await inTurn(skynet, async () => {
    const task = skynet.fork(() => createHttpc(skynet).get(silent.host, '/'));
    await skynet.await(until(() => silent.received.length > 0));
    skynet.killTask(task);
    skynet.fork(() => createHttpc(skynet).get(silent.host, '/'));
    await skynet.await(until(() => silent.received.length > 1));
  });
  await node.run((other) => other.kill(skynet.self()));
  await leaks();
});

test('client and server understand one another', async () => {
  const { port, skynet } = await served({ handler: async (request) => await request.body.bytes() });
  const body = Buffer.alloc(500_000, 'xyz');
  const [status, answer] = await inTurn(skynet, () =>
    createHttpc(skynet).request('POST', `127.0.0.1:${port}`, '/', null, null, body),
  );
  expect([status, answer.equals(body)]).toEqual([200, true]);
});

import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { Readable } from 'node:stream';
import type { Skynet } from '@skynet/core';
import { type TestNode, until, watchLeaks } from '@skynet/core/testing';
import { createHttpClient, type HttpClient, json, type RequestOptions, serve } from '@skynet/http';
import { expect, onTestFinished, test } from 'vitest';
import { inTurn, service, testNode } from './setup.ts';

interface Pair {
  readonly http: HttpClient;
  readonly skynet: Skynet;
  readonly url: string;
  /** Connections that the server has seen. */
  readonly peers: ReadonlySet<string>;
}

/** A client and a server in one node. */
async function pair(options: Parameters<typeof createHttpClient>[1] = {}): Promise<Pair> {
  const node = await testNode();
  const skynet = await service(node);
  const peers = new Set<string>();
  const { port } = await inTurn(skynet, () =>
    serve(skynet, {
      port: 0,
      bodyLimit: 10_000_000,
      drainTimeout: '10ms',
      handler: async (request) => {
        peers.add(request.remoteAddress);
        const { path, method, headers } = request;
        if (path === '/slow') await skynet.sleep('10s');
        if (path === '/endless') return { body: endless() };
        if (path === '/big') return Buffer.alloc(2_000_000, 'x');
        if (path === '/list') return { headers: { 'x-a': ['1', '\xe9'] }, body: 'x' };
        if (path === '/moved') return { status: 302, headers: { location: '/' } };
        return json({
          method,
          path,
          query: request.query,
          a: headers.get('a'),
          body: await request.body.text(),
        });
      },
    }),
  );
  return { http: createHttpClient(skynet, options), skynet, url: `http://127.0.0.1:${port}`, peers };
}

async function* endless(): AsyncGenerator<Buffer> {
  for (;;) yield Buffer.alloc(65_536);
}

function codeOf(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    (value) => value,
    (error: { code?: string }) => error.code,
  );
}

test('asks, and gets answers whole, as JSON, in pieces', async () => {
  const { http, skynet, url, peers } = await pair();
  await inTurn(skynet, async () => {
    const task = skynet.running();
    const got = await http.request(`${url}/a?b=c#d`, { headers: { a: 'x' } });
    expect(skynet.running()).toBe(task);
    expect([got.status, got.ok]).toEqual([200, true]);
    expect(await got.body.json()).toEqual({ method: 'GET', path: '/a', query: 'b=c', a: 'x', body: '' });
    expect(skynet.running()).toBe(task);
    const sent = await http.request(url, { json: { n: 1 } });
    expect(await sent.body.json()).toMatchObject({ method: 'POST', path: '/', body: '{"n":1}' });
    const list = await http.request(`${url}/list`);
    expect(list.headers.all('x-a')).toEqual(['1', '\xe9']);
    let size = 0;
    for await (const piece of (await http.request(`${url}/big`)).body) size += piece.length;
    expect(size).toBe(2_000_000);
    // Also when it is asked for long after the first pieces have come.
    const late = await http.request(`${url}/big`);
    await skynet.sleep(10);
    expect(await late.body.bytes()).toHaveLength(2_000_000);
    const moved = await http.request(`${url}/moved`);
    expect([moved.status, moved.headers.get('location')]).toEqual([302, '/']);
    await moved.body.bytes();
    await list.body.bytes();
  });
  // One after another they share a connection; `list` was not read when the next was asked.
  expect(peers.size).toBeLessThanOrEqual(2);
});

test('deadlines and signals end a request, and its body', async () => {
  const { http, skynet, url } = await pair({ timeout: '100ms' });
  await inTurn(skynet, async () => {
    expect(await codeOf(http.request(`${url}/slow`))).toBe('ERR_TIMEOUT');
    expect(await codeOf(http.request(`${url}/slow`, { timeout: '50ms' }))).toBe('ERR_TIMEOUT');
    const controller = new AbortController();
    const asked = codeOf(http.request(`${url}/slow`, { signal: controller.signal, timeout: 0 }));
    controller.abort();
    expect(await asked).toBe('ERR_ABORTED');
    expect(await codeOf(http.request(`${url}/slow`, { signal: AbortSignal.abort() }))).toBe('ERR_ABORTED');
    // Unread, so it is held back and its time goes by.
    const stream = await http.request(`${url}/endless`, { timeout: '3s' });
    await skynet.await(until(() => http.pending === 0));
    expect(await codeOf(stream.body.bytes())).toBe('ERR_TIMEOUT');
    expect(http.pending).toBe(0);
  });
});

test('bodies above the limit, and requests above it', async () => {
  const { http, skynet, url } = await pair({ bodyLimit: 1_000_000, maxPending: 2 });
  await inTurn(skynet, async () => {
    const big = await http.request(`${url}/big`);
    expect(await codeOf(big.body.bytes())).toBe('ERR_HTTP_BODY_LIMIT');
    const asked = [1, 2, 3].map(() => codeOf(http.request(`${url}/slow`, { timeout: '100ms' })));
    expect(await Promise.all(asked)).toEqual(['ERR_TIMEOUT', 'ERR_TIMEOUT', 'ERR_HTTP_BUSY']);
  });
});

test('failures have codes, the library’s error is the cause', async () => {
  const { http, skynet, url } = await pair();
  const rude = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.once('data', (chunk) => {
      if (String(chunk).startsWith('GET /garbage')) socket.end('hello\r\n\r\n');
      else if (String(chunk).startsWith('GET /short'))
        socket.end('HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nab');
      else socket.destroy();
    });
  }).listen(0, '127.0.0.1');
  onTestFinished(() => void rude.close());
  await once(rude, 'listening');
  const at = `http://127.0.0.1:${(rude.address() as AddressInfo).port}`;
  await inTurn(skynet, async () => {
    await expect(http.request('http://127.0.0.1:1/')).rejects.toMatchObject({
      code: 'ERR_HTTP_CLIENT',
      details: { code: 'ECONNREFUSED' },
    });
    expect(await codeOf(http.request(`${at}/garbage`))).toBe('ERR_HTTP_CLIENT');
    expect(await codeOf(http.request(`${at}/closed`))).toBe('ERR_HTTP_CLIENT');
    const short = await http.request(`${at}/short`);
    expect(await codeOf(short.body.bytes())).toBe('ERR_HTTP_BODY');
    for (const bad of ['', 'ftp://a/', 'http://', 'http://a b/', `${url}/a b`, 'http://a/\r\nx'])
      expect(await codeOf(http.request(bad)), bad).toBe('ERR_HTTP_URL');
    expect(await codeOf(http.request(url, { headers: { a: 'b\r\nc: d' } }))).toBe('ERR_HTTP_HEADER');
    expect(await codeOf(http.request(url, { headers: { 'transfer-encoding': 'chunked' } }))).toBe(
      'ERR_HTTP_HEADER',
    );
    expect(await codeOf(http.request(url, { method: 'GET /' }))).toBe('ERR_HTTP_HEADER');
    expect(await codeOf(http.request(url, { body: 5 as never }))).toBe('ERR_ARGUMENT');
    expect(await codeOf(http.request(url, { metod: 'GET' } as never))).toBe('ERR_ARGUMENT');
    const json = await http.request(url, { method: 'HEAD' });
    expect((await json.body.bytes()).length).toBe(0);
    await http.close();
    expect(await codeOf(http.request(url))).toBe('ERR_HTTP_CLIENT');
  });
});

test('a task that is killed gives its request up; a service that ends leaves nothing', async () => {
  const node = await testNode();
  const leaks = watchLeaks(node);
  const skynet = await service(node);
  const http = createHttpClient(skynet);
  const silent = createServer((socket) => void socket.on('error', () => undefined).resume()).listen(
    0,
    '127.0.0.1',
  );
  await once(silent, 'listening');
  const url = `http://127.0.0.1:${(silent.address() as AddressInfo).port}/`;
  await inTurn(skynet, async () => {
    const task = skynet.fork(() => http.request(url));
    await skynet.await(until(() => http.pending === 1));
    skynet.killTask(task);
    await skynet.yield();
    expect(http.pending).toBe(0);
    skynet.fork(() => http.request(url));
    await skynet.await(until(() => http.pending === 1));
  });
  await node.run((other) => other.kill(skynet.self()));
  await new Promise((resolve) => silent.close(resolve));
  await leaks();
});

/** A server that gives what it has got of a body, with how it was framed. */
async function reading(): Promise<{ node: TestNode; skynet: Skynet; url: string }> {
  const node = await testNode();
  const skynet = await service(node);
  let wanted: (() => void) | undefined;
  const { port } = await inTurn(skynet, () =>
    serve(skynet, {
      port: 0,
      bodyLimit: Number.POSITIVE_INFINITY,
      routes: {
        '/whole': async ({ headers, body }) =>
          json({
            coding: headers.get('transfer-encoding'),
            length: headers.get('content-length'),
            body: await body.text(),
          }),
        '/slow': async ({ body }) => {
          await new Promise<void>((resolve) => {
            wanted = resolve;
          });
          let size = 0;
          for await (const piece of body) size += piece.length;
          return `${size}`;
        },
        '/go': () => {
          wanted?.();
          return undefined;
        },
        '/refuses': () => ({ status: 413, headers: { connection: 'close' }, body: 'too much' }),
      },
    }),
  );
  return { node, skynet, url: `http://127.0.0.1:${port}` };
}

test('a body goes out in pieces, as the generator gives them in turns of the service', async () => {
  const { skynet, url } = await reading();
  await inTurn(skynet, async () => {
    const http = createHttpClient(skynet);
    async function* pieces(): AsyncGenerator<string | Uint8Array> {
      yield 'a';
      await skynet.sleep(1);
      expect(skynet.running()).toBeDefined();
      yield Buffer.from('b');
      yield '';
      yield 'ü';
    }
    const put = async (body: NonNullable<RequestOptions['body']>, headers = {}): Promise<unknown> =>
      (await http.request(`${url}/whole`, { method: 'PUT', body, headers })).body.json();
    expect(await put(pieces())).toEqual({ coding: 'chunked', body: 'abü' });
    expect(await put(['x', Buffer.from('y')])).toEqual({ coding: 'chunked', body: 'xy' });
    expect(await put(Readable.from(['of ', 'a stream']))).toEqual({ coding: 'chunked', body: 'of a stream' });
    expect(await put(new Blob(['of a blob']).stream() as never)).toMatchObject({ body: 'of a blob' });
    expect(await put(['12', '34'], { 'content-length': 4 })).toEqual({ length: '4', body: '1234' });
    expect(await put([])).toMatchObject({ body: '' });
    expect(http.pending).toBe(0);
  });
});

test('a body in pieces waits for a server that is slow', async () => {
  const { skynet, url } = await reading();
  await inTurn(skynet, async () => {
    const http = createHttpClient(skynet);
    const size = 64 << 20;
    let given = 0;
    function* much(): Generator<Buffer> {
      for (; given < size; given += 65_536) yield Buffer.alloc(65_536);
    }
    const asked = http.request(`${url}/slow`, { method: 'POST', body: much() });
    // Others are answered meanwhile; the system takes some megabytes, and the rest waits.
    for (let i = 0; i < 50; i++) await (await http.request(`${url}/whole`, { body: 'x' })).body.bytes();
    expect(given).toBeGreaterThan(0);
    expect(given).toBeLessThan(size / 2);
    await http.request(`${url}/go`);
    expect(await (await asked).body.text()).toBe(`${size}`);
  });
});

test('a body in pieces that fails takes its request along, an answer before its end ends it', async () => {
  const { node, skynet, url } = await reading();
  const leaks = watchLeaks(node);
  await inTurn(skynet, async () => {
    const http = createHttpClient(skynet);
    const ended: string[] = [];
    async function* failing(error: Error): AsyncGenerator<string> {
      try {
        yield 'begun';
        await skynet.sleep(1);
        throw error;
      } finally {
        ended.push(error.message);
      }
    }
    const cause = new Error('my fault');
    await expect(http.request(`${url}/whole`, { body: failing(cause) })).rejects.toMatchObject({
      code: 'ERR_HTTP_BODY',
      cause,
    });
    expect(await codeOf(http.request(`${url}/whole`, { body: [5 as never] }))).toBe('ERR_ARGUMENT');
    expect(
      await codeOf(http.request(`${url}/whole`, { body: ['ab'], headers: { 'content-length': 5 } })),
    ).toBe('ERR_HTTP_CLIENT');
    async function* endless(): AsyncGenerator<Buffer> {
      try {
        for (;;) {
          await skynet.sleep(0);
          yield Buffer.alloc(1000);
        }
      } finally {
        ended.push('endless');
      }
    }
    expect(await codeOf(http.request(`${url}/whole`, { body: endless(), timeout: '100ms' }))).toBe(
      'ERR_TIMEOUT',
    );
    const refused = await http.request(`${url}/refuses`, { body: endless() });
    expect([refused.status, await refused.body.text()]).toEqual([413, 'too much']);
    await skynet.await(until(() => ended.filter((what) => what === 'endless').length >= 2));
    expect(ended).toEqual(['my fault', 'endless', 'endless']);
    expect(http.pending).toBe(0);
    // Nobody listens: nothing is asked for.
    const asked: string[] = [];
    function* never(): Generator<string> {
      asked.push('asked');
      yield 'x';
    }
    expect(await codeOf(http.request('http://127.0.0.1:1/', { body: never() }))).toBe('ERR_HTTP_CLIENT');
    expect(asked).toEqual([]);
    await http.close();
  });
  await leaks();
});

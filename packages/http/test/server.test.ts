import { once } from 'node:events';
import { request as nodeRequest } from 'node:http';
import { Happenings, watchLeaks } from '@skynet/core/testing';
import { type Handler, type HttpRequest, json, serve, serveSockets, url } from '@skynet/http';
import { createSocket } from '@skynet/socket';
import { expect, onTestFinished, test, vi } from 'vitest';

import { answerTo, inTurn, RawClient, served, service, statuses, testNode } from './setup.ts';

const HELLO = 'GET / HTTP/1.1\r\nhost: a\r\n\r\n';
const LAST = 'GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n';
const echo: Handler = async (request) => ({
  headers: { 'x-method': request.method, 'x-url': request.url },
  body: await request.body.bytes(),
});

test('answers text, bytes, nothing, JSON and full answers', async () => {
  const { port } = await served({
    routes: {
      '/text': () => '你好',
      '/bytes': () => Buffer.of(0, 255),
      '/nothing': () => undefined,
      '/json': () => json({ a: [1] }),
      '/full': () => ({ status: 201, headers: { 'x-a': ['1', '2'], 'X-B': 3 }, body: 'made' }),
    },
  });
  const get = async (path: string): Promise<Response> => fetch(`http://127.0.0.1:${port}${path}`);
  const text = await get('/text');
  expect([text.status, await text.text(), text.headers.get('content-type')]).toEqual([
    200,
    '你好',
    'text/plain; charset=utf-8',
  ]);
  const bytes = await get('/bytes');
  expect(Buffer.from(await bytes.arrayBuffer())).toEqual(Buffer.of(0, 255));
  expect(bytes.headers.get('content-type')).toBe('application/octet-stream');
  expect((await get('/nothing')).status).toBe(204);
  expect(await (await get('/json')).json()).toEqual({ a: [1] });
  const full = await get('/full');
  expect([full.status, await full.text()]).toEqual([201, 'made']);
  expect([full.headers.get('x-a'), full.headers.get('x-b')]).toEqual(['1, 2', '3']);
});

test('routes: exact before placeholders before stars, 404, 405 with the methods there are', async () => {
  const { port } = await served({
    routes: {
      '/a/*': (request) => `star ${request.params['*']}`,
      '/a/:id': (request) => `id ${request.params['id']}`,
      'GET /a/b': () => 'exact',
      'POST /a/b': () => 'posted',
      'PUT /c': () => 'c',
      '/any/:id': () => 'any',
      'GET /any/:id': () => 'got',
      'HEAD /any/:id': () => ({ status: 201 }),
      '/any': () => 'any',
      'POST /any': () => 'posted',
    },
  });
  const answer = async (path: string, method = 'GET'): Promise<string> => {
    const response = await fetch(`http://127.0.0.1:${port}${path}`, { method });
    return `${response.status} ${await response.text()} ${response.headers.get('allow') ?? ''}`.trim();
  };
  expect(await answer('/a/b')).toBe('200 exact');
  expect(await answer('/a/b', 'POST')).toBe('200 posted');
  expect(await answer('/a/x%20%E4%BD%A0')).toBe('200 id x 你');
  expect(await answer('/a/x/y')).toBe('200 star x/y');
  expect(await answer('/c')).toBe('405 method not allowed PUT');
  expect([await answer('/any/1'), await answer('/any/1', 'PUT')]).toEqual(['200 got', '200 any']);
  expect([await answer('/any'), await answer('/any', 'POST')]).toEqual(['200 any', '200 posted']);
  expect(await answer('/any/1', 'HEAD')).toBe('201');
  expect(await answer('/nowhere')).toBe('404 not found');
  expect(await answer('/a/%zz')).toBe('400 Bad Request');
});

test.each([65_537, 70_000])(
  'a body of %d bytes that is there before anybody reads it is no end of what is read',
  async (size) => {
    let read = (): void => {};
    const wanted = new Promise<void>((resolve) => {
      read = resolve;
    });
    const { port } = await served((skynet) => ({
      routes: {
        '/read': () => {
          read();
          return undefined;
        },
        'POST /late': async (request) => {
          await skynet.await(wanted);
          return `${(await request.body.bytes()).length}`;
        },
        'POST /next': (request) => request.body.text(),
      },
    }));
    const client = await RawClient.open(port);
    client.write(`POST /late HTTP/1.1\r\nhost: a\r\ncontent-length: ${size}\r\n\r\n${'x'.repeat(size)}`);
    await answerTo(port, LAST.replace('/', '/read'));
    await client.until((received) => received.endsWith(`\r\n\r\n${size}`), 'the first answer');
    client.write('POST /next HTTP/1.1\r\nhost: a\r\ncontent-length: 4\r\n\r\nmore');
    await client.until((received) => received.endsWith('\r\n\r\nmore'), 'the second answer');
  },
);

test('keeps the connection, answers pipelined requests in order and one at a time', async () => {
  const running: string[] = [];
  const { port } = await served((skynet) => ({
    handler: async (request) => {
      running.push(`+${request.path}`);
      await skynet.sleep(request.path === '/slow' ? 10 : 0);
      running.push(`-${request.path}`);
      return request.path;
    },
  }));
  const client = await RawClient.open(port);
  client.write(
    ['/slow', '/b', '/c'].map((path) => `GET ${path} HTTP/1.1\r\nhost: a\r\n\r\n`).join('') +
      'POST /d HTTP/1.1\r\nhost: a\r\ncontent-length: 3\r\nconnection: close\r\n\r\nabcGET /never HTTP/1.1\r\n\r\n',
  );
  const received = await client.closed();
  expect([...received.matchAll(/\r\n\r\n(\/[a-z]+)/g)].map(([, body]) => body)).toEqual([
    '/slow',
    '/b',
    '/c',
    '/d',
  ]);
  expect(running).toEqual(['+/slow', '-/slow', '+/b', '-/b', '+/c', '-/c', '+/d', '-/d']);
});

test('an answer that is the last says so, and what comes behind the last request is not looked at', async () => {
  const { port } = await served({ handler: () => 'x' });
  for (const behind of ['', 'garbage \0\r\n\r\n', 'GET / HTTP/9.9\r\n\r\n']) {
    const received = await answerTo(port, LAST + behind);
    expect(statuses(received)).toEqual([200]);
    expect(received).toContain('\r\nconnection: close\r\n');
  }
  expect(await answerTo(port, 'GET / HTTP/1.0\r\n\r\n')).toContain('connection: close');
  const old = await RawClient.open(port);
  old.write('GET / HTTP/1.0\r\nconnection: keep-alive\r\n\r\n');
  expect(await old.until((text) => text.endsWith('x'), 'the answer')).toContain('connection: keep-alive');
  old.take();
  old.write(LAST);
  expect(statuses(await old.closed())).toEqual([200]);
});

test('HEAD gets the head alone, also of streams', async () => {
  const { port } = await served({
    routes: { '/': () => 'hello', '/stream': () => ({ body: ['a', 'b'] }) },
  });
  const received = await answerTo(
    port,
    `HEAD / HTTP/1.1\r\nhost: a\r\n\r\nHEAD /stream HTTP/1.1\r\nhost: a\r\n\r\n${LAST}`,
  );
  expect(statuses(received)).toEqual([200, 200, 200]);
  expect(received.match(/hello/g)).toHaveLength(1);
  expect(received.match(/content-length: 5/g)).toHaveLength(2);
});

test('bodies come whole or in pieces, by length or chunked, with trailers', async () => {
  const { port } = await served({
    routes: {
      '/whole': echo,
      '/pieces': async (request) => {
        let size = 0;
        for await (const piece of request.body) size += piece.length;
        return `${size} ${request.body.trailers.join('=')}`;
      },
    },
  });
  const body = Buffer.alloc(300_000, 'abc');
  const whole = await fetch(`http://127.0.0.1:${port}/whole`, { method: 'PUT', body });
  expect(Buffer.from(await whole.arrayBuffer()).equals(body)).toBe(true);
  expect(whole.headers.get('x-method')).toBe('PUT');
  const pieces = await fetch(`http://127.0.0.1:${port}/pieces`, { method: 'POST', body });
  expect(await pieces.text()).toBe('300000 ');
  const chunked =
    'POST /pieces HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\nconnection: close\r\n\r\n' +
    '5;name=value\r\nhello\r\n1\r\n!\r\n0\r\nx-sum: 6\r\n\r\n';
  expect(await answerTo(port, chunked)).toMatch(/\r\n\r\n6 x-sum=6$/);
  const client = await RawClient.open(port);
  for (const byte of chunked) client.write(byte);
  expect(await client.closed()).toMatch(/\r\n\r\n6 x-sum=6$/);
});

test('a body in very small pieces is gathered', async () => {
  const { port } = await served({
    handler: async (request) => {
      const pieces: Buffer[] = [];
      for await (const piece of request.body) pieces.push(piece);
      return `${Buffer.concat(pieces)} ${pieces.length < 100}`;
    },
  });
  const body = 'abc'.repeat(1000);
  const chunks = [...body].map((letter) => `1\r\n${letter}\r\n`).join('');
  const head = 'POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\nconnection: close\r\n\r\n';
  expect(await answerTo(port, `${head}${chunks}0\r\n\r\n`)).toContain(`\r\n\r\n${body} true`);
});

test('a long body that is asked for late comes whole', async () => {
  const { port } = await served((skynet) => ({
    handler: async (request) => {
      await skynet.sleep(request.path === '/later' ? 10 : 1);
      return `${(await request.body.bytes()).length}`;
    },
  }));
  const body = Buffer.alloc(900_000, 'x');
  for (const path of ['', 'later'])
    expect(await (await fetch(`http://127.0.0.1:${port}/${path}`, { method: 'POST', body })).text()).toBe(
      '900000',
    );
});

test('a body that nobody reads is no hindrance', async () => {
  const { port } = await served({ handler: () => 'x' });
  const body = 'b'.repeat(200_000);
  const received = await answerTo(
    port,
    `POST / HTTP/1.1\r\nhost: a\r\ncontent-length: ${body.length}\r\n\r\n${body}${LAST}`,
  );
  expect(statuses(received)).toEqual([200, 200]);
});

test('answers in pieces wait for a peer that reads slowly, and are chunked only where that is known', async () => {
  let given = 0;
  const { port, skynet } = await served({
    routes: {
      '/much': () => ({
        headers: { 'content-length': 64 << 20 },
        body: (function* () {
          for (; given < 64 << 20; given += 65_536) yield Buffer.alloc(65_536, 'x');
        })(),
      }),
      '/few': () => ({ body: ['a', '', Buffer.from('bc')] }),
    },
  });
  expect(await answerTo(port, 'GET /few HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n')).toMatch(
    /transfer-encoding: chunked\r\n.*\r\n\r\n1\r\na\r\n2\r\nbc\r\n0\r\n\r\n$/s,
  );
  expect(await answerTo(port, 'GET /few HTTP/1.0\r\n\r\n')).toMatch(/connection: close\r\n\r\nabc$/);
  const client = await RawClient.open(port);
  client.write('GET /much HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n');
  await client.until((text) => text.length > 0, 'the answer');
  client.socket.pause();
  // The system takes some megabytes; when more than one waits to be sent, the generator waits, too.
  const sockets = createSocket(skynet);
  while (!sockets.netstat().some(({ wbuffer }) => wbuffer > 1 << 20)) await new Promise(setImmediate);
  for (let i = 0; i < 20; i++) await answerTo(port, 'GET /few HTTP/1.0\r\n\r\n');
  expect(given).toBeLessThan(40 << 20);
  client.socket.resume();
  const received = await client.closed();
  expect(received.length - received.indexOf('\r\n\r\n') - 4).toBe(64 << 20);
});

test('a handler that throws is answered with 500 and logged, and the connection goes on', async () => {
  const { node, port } = await served({
    routes: {
      '/throws': () => {
        throw new Error('my fault');
      },
      '/rejects': async () => {
        throw new Error('later');
      },
      '/status': () => ({ status: 42 }),
      '/text': () => 5 as never,
      '/header': () => ({ headers: { 'x-a': 'b\r\nx-injected: c' } }),
      '/name': () => ({ headers: { 'x a': 'b' } }),
      '/length': () => ({ headers: { 'content-length': 5 }, body: 'x' }),
      '/framing': () => ({ headers: { 'transfer-encoding': 'chunked' } }),
      '/': () => 'x',
    },
  });
  const paths = ['/throws', '/rejects', '/status', '/text', '/header', '/name', '/length', '/framing'];
  const requests = paths.map((path) => `GET ${path} HTTP/1.1\r\nhost: a\r\n\r\n`).join('');
  const received = await answerTo(port, requests + LAST);
  expect(statuses(received)).toEqual([...paths.map(() => 500), 200]);
  expect(received).not.toContain('injected');
  expect(received).not.toContain('my fault');
  await node.logged(/http GET: .*my fault/);
  await node.logged(/ERR_HTTP_REPLY|not the status/);
});

test('an answer that fails in the middle is cut off', async () => {
  const { node, port } = await served({
    routes: {
      '/throws': () => ({
        body: (function* () {
          yield 'begun';
          throw new Error('in the middle');
        })(),
      }),
      '/short': () => ({ headers: { 'content-length': 5 }, body: ['x'] }),
      '/long': () => ({ headers: { 'content-length': 1 }, body: ['xy'] }),
      '/kind': () => ({ body: [5 as never] }),
    },
  });
  for (const path of ['throws', 'short', 'long', 'kind']) {
    const received = await answerTo(port, `GET /${path} HTTP/1.1\r\nhost: a\r\n\r\n`);
    expect(received, path).not.toMatch(/\r\n0\r\n\r\n$/);
  }
  await node.logged(/http body: .*in the middle/);
});

test('tells a handler that the peer has gone', async () => {
  const seen = new Happenings<string>('happenings');
  const { port } = await served((skynet) => ({
    handler: async (request) => {
      request.signal.addEventListener('abort', () => seen.add('gone'));
      seen.add('begun');
      while (!request.gone) await skynet.sleep(1);
      return 'to nobody';
    },
  }));
  const client = await RawClient.open(port);
  client.write(HELLO);
  await seen.find((what) => what === 'begun', 'the request');
  client.socket.resetAndDestroy();
  await seen.find((what) => what === 'gone', 'the abort');
});

test('Expect: 100-continue is answered when the body is asked for', async () => {
  const { port } = await served({
    routes: { '/read': async (request) => await request.body.text(), '/not': () => 'no thanks' },
  });
  const head = (path: string): string =>
    `POST ${path} HTTP/1.1\r\nhost: a\r\ncontent-length: 2\r\nexpect: 100-continue\r\n\r\n`;
  const client = await RawClient.open(port);
  client.write(head('/read'));
  await client.until((text) => text === 'HTTP/1.1 100 Continue\r\n\r\n', '100');
  client.write('ok');
  await client.until((text) => text.endsWith('ok'), 'the answer');
  expect(statuses(await answerTo(port, head('/not')))).toEqual([200]);
  expect(statuses(await answerTo(port, head('/read').replace('100-continue', '200-ok')))).toEqual([417]);
});

test('closes idle and slow connections', async () => {
  const handler = async (request: HttpRequest): Promise<string> => await request.body.text();
  const later = await served({ handler, idleTimeout: '200ms', bodyTimeout: '200ms' });
  const idle = await RawClient.open(later.port);
  idle.write(HELLO);
  expect(statuses(await idle.closed())).toEqual([200]);
  const half = 'POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 5\r\n\r\nab';
  expect(statuses(await answerTo(later.port, half))).toEqual([408]);
  // Long enough for the first bytes to come on a busy machine.
  const { port } = await served({ handler, headTimeout: '2s' });
  const silent = await RawClient.open(port);
  const partial = answerTo(port, 'GET / HTTP/1.1\r\nhos');
  // A byte now and then does not help.
  const slow = await RawClient.open(port);
  const drip = setInterval(() => slow.write('x'), 20);
  slow.write('GET / HTTP/1.1\r\nx: ');
  expect(statuses(await slow.closed())).toEqual([408]);
  clearInterval(drip);
  expect(statuses(await partial)).toEqual([408]);
  expect(await silent.closed()).toBe('');
});

test.each([-86_400_000, 86_400_000])(
  'limits of time hold, and cut nothing off, when the clock of the day is moved by %i ms',
  async (moved) => {
    let finish = (): void => {};
    const finished = new Promise<void>((resolve) => {
      finish = resolve;
    });
    const { port } = await served((skynet) => ({
      routes: {
        '/': () => 'here',
        'POST /slow': async (request) => {
          await skynet.await(finished);
          return await request.body.text();
        },
      },
      idleTimeout: '200ms',
    }));
    const busy = await RawClient.open(port);
    busy.write('POST /slow HTTP/1.1\r\nhost: a\r\ncontent-length: 2\r\n\r\no');
    const idle = await RawClient.open(port);
    idle.write(HELLO);
    await idle.until((text) => text.endsWith('here'), 'the answer');
    const now = Date.now.bind(Date);
    vi.spyOn(Date, 'now').mockImplementation(() => now() + moved);
    onTestFinished(() => void vi.restoreAllMocks());
    // Looks at all connections end it.
    await once(idle.socket, 'end');
    finish();
    busy.write('k');
    await busy.until((text) => text.endsWith('ok'), 'the answer');
  },
);

test('closing answers what is under way and ends what is idle', async () => {
  let hasBegun = false;
  let finish = (): void => {};
  const finished = new Promise<void>((resolve) => {
    finish = resolve;
  });
  const { port, server, skynet, node } = await served((self) => ({
    handler: async () => {
      hasBegun = true;
      await self.await(finished);
      return 'done';
    },
  }));
  const idle = await RawClient.open(port);
  const busy = await RawClient.open(port);
  busy.write(HELLO);
  while (server.connections < 2 || !hasBegun) await new Promise(setImmediate);
  const leaks = watchLeaks(node);
  const closing = inTurn(skynet, () => server.close());
  expect(await idle.closed()).toBe('');
  idle.socket.destroy();
  finish();
  expect(await busy.closed()).toMatch(/connection: close\r\n\r\ndone$/);
  busy.socket.destroy();
  await closing;
  await expect(RawClient.open(port)).rejects.toThrow(/ECONNREFUSED/);
  await leaks();
});

test('a service that ends takes its connections along; nothing is left', async () => {
  const node = await testNode();
  const leaks = watchLeaks(node);
  const { port, skynet } = await served({ handler: () => 'x' }, node);
  const client = await RawClient.open(port);
  client.write(HELLO);
  await client.until((text) => text.endsWith('x'), 'the answer');
  await node.run((other) => other.kill(skynet.self()));
  await client.closed();
  client.socket.destroy();
  await leaks();
});

test('connections go to agents in turn, by sockets', async () => {
  const node = await testNode();
  const agents = await Promise.all(
    [1, 2, 3].map(async (name) => {
      const agent = await service(node);
      const server = await inTurn(agent, () =>
        serveSockets(agent, createSocket(agent, { encoding: 'bytes' }), {
          handler: async (request) => `${name} ${await request.body.text()}`,
        }),
      );
      agent.dispatch('lua', (_: unknown, id: number) => server.accept(id));
      return agent.self();
    }),
  );
  const { port } = await served((skynet) => ({ agents, socket: createSocket(skynet) }), node);
  const bodies: string[] = [];
  for (let i = 0; i < 6; i++) {
    const received = await answerTo(
      port,
      'POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 2\r\n\r\nok' +
        'POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 2\r\nconnection: close\r\n\r\nno',
    );
    bodies.push([...received.matchAll(/\r\n\r\n(\d \w\w)/g)].map(([, body]) => body).join());
  }
  expect(bodies).toEqual(['1 ok,1 no', '2 ok,2 no', '3 ok,3 no', '1 ok,1 no', '2 ok,2 no', '3 ok,3 no']);
});

test('options that cannot be used are refused, with their name', async () => {
  const node = await testNode();
  const skynet = await service(node);
  const refused = (options: object): Promise<string> =>
    inTurn(skynet, () => serve(skynet, options as never)).then(
      () => 'taken',
      (error: { code?: string; message: string }) => `${error.code} ${error.message}`,
    );
  expect(await refused({ port: 0 })).toMatch(/ERR_ARGUMENT .*handler must be a function/);
  expect(await refused({ handler: echo })).toMatch(/ERR_ARGUMENT .*port/);
  expect(await refused({ port: 0, handler: echo, routes: {} })).toMatch(/routes must be absent/);
  expect(await refused({ port: 0, routes: { nowhere: echo } })).toMatch(/"nowhere" is none/);
  expect(await refused({ port: 0, handler: echo, hedTimeout: 1 })).toMatch(/perhaps headTimeout is meant/);
  expect(await refused({ port: 0, agents: [] })).toMatch(/agents must be a list of handles/);
  expect(await refused({ port: 0, agents: [5] })).toMatch(/socket must be/);
});

test('works by unix sockets and in memory', async () => {
  const { server } = await served({ address: ['memory://web-test', 'tcp://127.0.0.1:0'], handler: echo });
  expect(server.addresses).toHaveLength(2);
  expect(url.parse('/a%20b+c?x=1').path).toBe('/a b c');
});

test('node:http understands it', async () => {
  const { port } = await served({ handler: echo });
  const body = await new Promise<string>((resolve, reject) => {
    const request = nodeRequest(
      { port, method: 'POST', headers: { 'transfer-encoding': 'chunked' } },
      (response) => {
        let text = '';
        response.on('data', (chunk) => {
          text += String(chunk);
        });
        response.on('end', () => resolve(text));
      },
    );
    request.on('error', reject);
    request.write('a');
    request.end('bc');
  });
  expect(body).toBe('abc');
});

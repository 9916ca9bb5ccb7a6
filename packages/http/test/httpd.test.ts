import { createSocketHelper, httpd, url } from '@skynet/http';
import { createSocket } from '@skynet/socket';
import { describe, expect, test } from 'vitest';
import { bytesOf, textOf } from '../src/text.ts';
import { inTurn, RawClient, service, testNode } from './setup.ts';

/** What is written by `writeResponse`. */
async function written(...args: [number, ...unknown[]]): Promise<string> {
  let text = '';
  const write = (bytes: Uint8Array): void => {
    text += Buffer.from(bytes).toString('latin1');
  };
  const [ok, error] = await (
    httpd.writeResponse as (
      write: unknown,
      ...args: unknown[]
    ) => Promise<readonly [boolean, { code: string }]>
  )(write, ...args);
  return ok ? text : `${text}${error.code}`;
}

/** Gives these pieces, then fails as a socket that has ended. */
function pieces(...texts: string[]): () => Promise<Buffer> {
  return async () => {
    const text = texts.shift();
    if (text === undefined) throw Object.assign(new Error('closed'), { code: 'ERR_HTTP_SOCKET' });
    return Buffer.from(text, 'latin1');
  };
}

test('answers have the original’s bytes', async () => {
  expect(await written(413)).toBe('HTTP/1.1 413 Request Entity Too Large\r\n\r\n');
  expect(await written(505)).toBe('HTTP/1.1 505 HTTP Version not supported\r\n\r\n');
  expect(await written(299)).toBe('HTTP/1.1 299 \r\n\r\n');
  expect(await written(200, 'hello', { 'x-a': ['1', '2'], b: 3 })).toBe(
    'HTTP/1.1 200 OK\r\nx-a: 1\r\nx-a: 2\r\nb: 3\r\ncontent-length: 5\r\n\r\nhello',
  );
  const parts = ['ab', '', 'c'];
  expect(await written(200, () => parts.shift())).toBe(
    'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nab\r\n1\r\nc\r\n0\r\n\r\n',
  );
  expect(await written(200, '\udcff', {})).toBe('HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\n\xff');
});

test('answers that cannot be written are refused', async () => {
  expect(await written(99)).toBe('ERR_HTTP_REPLY');
  expect(await written(200, 5)).toBe('ERR_HTTP_REPLY');
  expect(await written(200, 'x', { a: 'b\r\nc: d' })).toBe('ERR_HTTP_HEADER');
  expect(await written(200, 'x', { 'content-length': '5' })).toBe('ERR_HTTP_HEADER');
});

test('a request is read whole, whatever pieces it comes in', async () => {
  const text =
    'POST /a?b HTTP/1.1\r\nHost: x\r\nA: 1\r\na: 2\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nt: u\r\n\r\nmore';
  for (const given of [[text], [...text]]) {
    const request = await httpd.readRequest(pieces(...given));
    expect(request).toMatchObject({ code: 200, method: 'POST', url: '/a?b', body: Buffer.from('abc') });
    expect({ ...(request as { header: object }).header }).toEqual({
      host: 'x',
      a: ['1', '2'],
      'transfer-encoding': 'chunked',
      t: 'u',
    });
  }
});

test('what is no request has a code, what breaks off an error', async () => {
  const read = async (text: string, limit?: number): Promise<unknown> => {
    const request = await httpd.readRequest(pieces(text), limit);
    return request.code ?? (request.error as { code: string }).code;
  };
  expect(await read(`POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 5\r\n\r\nhello`, 5)).toBe(200);
  expect(await read(`POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 6\r\n\r\n`, 5)).toBe(413);
  expect(
    await read('POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n6\r\nhello!\r\n', 5),
  ).toBe(413);
  expect(await read('POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n6\r\nh', 5)).toBe(413);
  expect(await read('GET / HTTP/2.0\r\n\r\n')).toBe(505);
  expect(await read('POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: gzip\r\n\r\n')).toBe(501);
  expect(await read('GET / HTTP/1.1\r\nhost: a\r\nnonsense\r\n\r\n')).toBe(400);
  expect(await read(`GET / HTTP/1.1\r\nx: ${'y'.repeat(9000)}`)).toBe(431);
  expect(await read('GET / HTTP/1.1\r\nhost')).toBe('ERR_HTTP_SOCKET');
});

test.each(['utf8', 'bytes'] as const)('by sockets that read %s, as in the book', async (encoding) => {
  const node = await testNode();
  const skynet = await service(node);
  const seen: unknown[] = [];
  const port = await inTurn(skynet, async () => {
    const socket = createSocket(skynet, { encoding });
    const sockethelper = createSocketHelper(socket);
    const listener = await socket.listen('127.0.0.1:0');
    await socket.start(listener, async (id) => {
      await socket.start(id);
      const request = await httpd.readRequest(sockethelper.readFunc(id), 8192);
      if (request.code === undefined) seen.push(sockethelper.isSocketError(request.error));
      else await httpd.writeResponse(sockethelper.writeFunc(id), request.code, request.body);
      await socket.close(id);
    });
    return socket.localAddress(listener).port;
  });
  const client = await RawClient.open(port);
  client.write('POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 4\r\n\r\n\xff\xe4\xbda');
  expect(await client.closed()).toBe('HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\n\xff\xe4\xbda');
  const broken = await RawClient.open(port);
  broken.write('POST / HT').socket.end();
  await broken.closed();
  expect(seen).toEqual([true]);
});

describe('url', () => {
  test('parse', () => {
    expect(url.parse('/a%20b+c?x=1&y')).toEqual({ path: '/a b c', query: 'x=1&y' });
    expect(url.parse('/%E4%BD%A0')).toEqual({ path: '/你', query: '' });
    expect(bytesOf(url.parse('/%ff%e4').path)).toEqual(Buffer.from('/\xff\xe4', 'latin1'));
    expect(() => url.parse('/%zz')).toThrow(expect.objectContaining({ code: 'ERR_HTTP_URL' }));
    expect(() => url.parse('/%4')).toThrow(expect.objectContaining({ code: 'ERR_HTTP_URL' }));
  });

  test('parseQuery', () => {
    const query = (text: string): object => ({ ...url.parseQuery(text) });
    expect(query('color=blue&text=a+b%26c')).toEqual({ color: 'blue', text: 'a b&c' });
    expect(query('a=1&a=2&a=3&b=')).toEqual({ a: ['1', '2', '3'], b: '' });
    expect(query('w&=e')).toEqual({ 'w&': 'e' });
    expect(query('a=b=c&d')).toEqual({ a: 'b=c' });
    expect(query('')).toEqual({});
    expect(Object.keys(url.parseQuery('__proto__=1'))).toEqual(['__proto__']);
  });

  test('text of any bytes is those bytes again', () => {
    const all = Buffer.from(Array.from({ length: 1024 }, (_, i) => (i * 167) & 255));
    expect(bytesOf(textOf(all))).toEqual(all);
  });
});

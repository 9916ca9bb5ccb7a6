import { gzipSync } from 'node:zlib';
import { randomFrom } from '@skynet/core/testing';
import { createHttpClient, createHttpc } from '@skynet/http';
import { expect, test } from 'vitest';
import { answerTo, inTurn, RawClient, served, statuses } from './setup.ts';

const HOST = 'host: a\r\n';
const CHUNKED = 'transfer-encoding: chunked\r\n';
const SMUGGLED = 'GET /smuggled HTTP/1.1\r\nhost: a\r\n\r\n';

/** What is sent, and the statuses that come before the server closes. */
const REFUSED: readonly (readonly [what: string, bytes: string, statuses: readonly number[]])[] = [
  ['two hosts', `GET / HTTP/1.1\r\n${HOST}${HOST}\r\n`, [400]],
  ['no host', 'GET / HTTP/1.1\r\n\r\n', [400]],
  ['a host that is none', 'GET / HTTP/1.1\r\nhost: a b\r\n\r\n', [400]],
  ['a host with a path', 'GET / HTTP/1.1\r\nhost: a/b\r\n\r\n', [400]],
  ['HTTP/0.9', 'GET /\r\n\r\n', [505]],
  ['HTTP/0.9, written out', 'GET / HTTP/0.9\r\n\r\n', [505]],
  ['HTTP/2.0', `GET / HTTP/2.0\r\n${HOST}\r\n`, [505]],
  ['the preface of HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', [505]],
  ['HTTP/1.2', `GET / HTTP/1.2\r\n${HOST}\r\n`, [505]],
  ['HTTP/1.10', `GET / HTTP/1.10\r\n${HOST}\r\n`, [505]],
  ['http in lower case', `GET / http/1.1\r\n${HOST}\r\n`, [400]],
  ['no HTTP', 'hello\r\n\r\n', [501]],
  ['TLS', '\x16\x03\x01\x02\0\x01', [400]],
  ['an unknown method', `BREW / HTTP/1.1\r\n${HOST}\r\n`, [501]],
  ['CONNECT', `CONNECT a:1 HTTP/1.1\r\n${HOST}\r\n`, [501]],
  ['a blank in the target', `GET /a b HTTP/1.1\r\n${HOST}\r\n`, [400]],
  ['a zero in the target', `GET /\0 HTTP/1.1\r\n${HOST}\r\n`, [400]],
  ['lines that end with LF', 'GET / HTTP/1.1\nhost: a\n\n', [400]],
  ['a CR inside a field', `GET / HTTP/1.1\r\n${HOST}x: a\rb\r\n\r\n`, [400]],
  ['a zero inside a field', `GET / HTTP/1.1\r\n${HOST}x: a\0b\r\n\r\n`, [400]],
  ['a line without colon', `GET / HTTP/1.1\r\n${HOST}nothing\r\n\r\n`, [400]],
  ['a blank before the colon', `POST / HTTP/1.1\r\n${HOST}content-length : 5\r\n\r\nhello`, [400]],
  ['a field without name', `GET / HTTP/1.1\r\n${HOST}: x\r\n\r\n`, [400]],
  ['a folded line', `GET / HTTP/1.1\r\n${HOST}x: a\r\n b\r\n\r\n`, [400]],
  ['a folded first line', `GET / HTTP/1.1\r\n ${HOST}\r\n`, [400]],
  [
    'length and chunked',
    `POST / HTTP/1.1\r\n${HOST}content-length: 5\r\n${CHUNKED}\r\n0\r\n\r\n${SMUGGLED}`,
    [400],
  ],
  [
    'chunked and length',
    `POST / HTTP/1.1\r\n${HOST}${CHUNKED}content-length: 5\r\n\r\n0\r\n\r\n${SMUGGLED}`,
    [400],
  ],
  ['two lengths', `POST / HTTP/1.1\r\n${HOST}content-length: 5\r\ncontent-length: 6\r\n\r\nhello!`, [400]],
  [
    'the same length twice',
    `POST / HTTP/1.1\r\n${HOST}content-length: 5\r\ncontent-length: 5\r\n\r\nhello`,
    [400],
  ],
  ['a list of lengths', `POST / HTTP/1.1\r\n${HOST}content-length: 5, 5\r\n\r\nhello`, [400]],
  ['a length with a sign', `POST / HTTP/1.1\r\n${HOST}content-length: +5\r\n\r\nhello`, [400]],
  ['a negative length', `POST / HTTP/1.1\r\n${HOST}content-length: -5\r\n\r\nhello`, [400]],
  ['a length in hex', `POST / HTTP/1.1\r\n${HOST}content-length: 0x5\r\n\r\nhello`, [400]],
  [
    'a length that does not fit',
    `POST / HTTP/1.1\r\n${HOST}content-length: 99999999999999999999\r\n\r\n`,
    [400],
  ],
  ['gzip, chunked', `POST / HTTP/1.1\r\n${HOST}transfer-encoding: gzip, chunked\r\n\r\n0\r\n\r\n`, [501]],
  ['gzip', `POST / HTTP/1.1\r\n${HOST}transfer-encoding: gzip\r\n\r\n`, [501]],
  ['identity', `POST / HTTP/1.1\r\n${HOST}transfer-encoding: identity\r\n\r\n`, [501]],
  ['chunked twice', `POST / HTTP/1.1\r\n${HOST}${CHUNKED}${CHUNKED}\r\n0\r\n\r\n`, [501]],
  ['chunked, misspelt', `POST / HTTP/1.1\r\n${HOST}transfer-encoding: xchunked\r\n\r\n`, [501]],
  ['chunked in HTTP/1.0', `POST / HTTP/1.0\r\n${CHUNKED}\r\n0\r\n\r\n`, [400]],
  ['a chunk size that is none', `POST / HTTP/1.1\r\n${HOST}${CHUNKED}\r\nzz\r\n\r\n`, [400]],
  ['a chunk size with a sign', `POST / HTTP/1.1\r\n${HOST}${CHUNKED}\r\n-1\r\n\r\n`, [400]],
  [
    'a chunk size that does not fit',
    `POST / HTTP/1.1\r\n${HOST}${CHUNKED}\r\nffffffffffffffff1\r\n\r\n`,
    [400],
  ],
  ['a chunk longer than it says', `POST / HTTP/1.1\r\n${HOST}${CHUNKED}\r\n2\r\nabc\r\n0\r\n\r\n`, [400]],
  ['a chunk that ends with LF', `POST / HTTP/1.1\r\n${HOST}${CHUNKED}\r\n2\nab\n0\n\n`, [400]],
  ['endless extensions of chunks', `POST / HTTP/1.1\r\n${HOST}${CHUNKED}\r\n1;${'x'.repeat(100_000)}`, [400]],
  ['long trailers', `POST / HTTP/1.1\r\n${HOST}${CHUNKED}\r\n0\r\n${'a: b\r\n'.repeat(3000)}`, [431]],
  ['a long target', `GET /${'a'.repeat(9000)}`, [414]],
  ['a long field', `GET / HTTP/1.1\r\nx: ${'a'.repeat(9000)}`, [431]],
  ['a long field that ends', `GET / HTTP/1.1\r\n${HOST}x: ${'a'.repeat(9000)}\r\n\r\n`, [431]],
  ['many fields', `GET / HTTP/1.1\r\n${HOST}${'a: b\r\n'.repeat(3000)}`, [431]],
  ['empty lines without end', '\r\n'.repeat(10_000), [414]],
  ['a long body', `POST / HTTP/1.1\r\n${HOST}content-length: 1001\r\n\r\n`, [413]],
  ['a long chunked body', `POST / HTTP/1.1\r\n${HOST}${CHUNKED}\r\n3e9\r\n${'x'.repeat(1001)}\r\n`, [413]],
  ['a chunk above the limit, announced', `POST / HTTP/1.1\r\n${HOST}${CHUNKED}\r\n3e9\r\n`, [413]],
  ['a chunk of 2⁴⁰ bytes, announced', `POST / HTTP/1.1\r\n${HOST}${CHUNKED}\r\n10000000000`, [413]],
  ['a second chunk, announced', `POST / HTTP/1.1\r\n${HOST}${CHUNKED}\r\n1\r\na\r\n3e8\r\n`, [413]],
  ['a body that breaks off', `POST / HTTP/1.1\r\n${HOST}content-length: 5\r\n\r\nab`, [400]],
];

const GOOD = `GET /good HTTP/1.1\r\n${HOST}\r\n`;

test.each([
  ...REFUSED,
  // The same behind a request that was answered.
  ...REFUSED.map(
    ([what, bytes, expected]) => [`${what}, as the second`, GOOD + bytes, [200, ...expected]] as const,
  ),
])('%s', async (_, bytes, expected) => {
  const { port, node } = await served({
    handler: async (request) => `${request.path} ${await request.body.text()}`,
    bodyLimit: 1000,
  });

  const client = (await RawClient.open(port)).write(bytes);
  if (/breaks off/.test(_)) client.socket.end();
  const received = await client.closed();
  expect(statuses(received)).toEqual(expected);
  expect(received).toContain('connection: close');
  expect(received).not.toContain('/smuggled');
  expect(node.log.join('\n')).not.toMatch(/http (GET|POST)/);
});

test('a request at the limit of the head is taken', async () => {
  const { port } = await served({ handler: () => 'x' });
  const start = `GET / HTTP/1.1\r\n${HOST}connection: close\r\nx: `;
  const head = `${start}${'a'.repeat(8192 - start.length - 4)}\r\n\r\n`;
  expect(head.length).toBe(8192);
  expect(statuses(await answerTo(port, head))).toEqual([200]);
  expect(statuses(await answerTo(port, head.replace('x: ', 'x: b')))).toEqual([431]);
});

test('bytes at random, and requests changed at random, never do harm', async () => {
  const { port, node } = await served({ handler: async (request) => await request.body.text() });

  const seed = Number(process.env['SKYNET_FUZZ_SEED'] ?? 1);
  const runs = Number(process.env['SKYNET_FUZZ_RUNS'] ?? 200);
  const random = randomFrom(seed);
  const valid = `POST /x?y HTTP/1.1\r\n${HOST}${CHUNKED}\r\n3\r\nabc\r\n0\r\n\r\nGET / HTTP/1.1\r\n${HOST}\r\n`;
  for (let run = 0; run < runs; run++) {
    const bytes = Buffer.from(valid, 'latin1');
    for (let i = 0; i < 1 + random() * 4; i++)
      bytes[Math.floor(random() * bytes.length)] = Math.floor(random() * 256);

    const client = await RawClient.open(port);
    client.write(bytes).socket.end();
    const received = await client.closed();
    for (const status of statuses(received))
      expect([200, 400, 413, 414, 417, 431, 501, 505], `seed ${seed} run ${run}`).toContain(status);
    client.socket.destroy();
  }
  expect(node.log.join('\n')).not.toMatch(/uncaught|TypeError/);
});

test('a hundred connections that send a byte now and then keep nobody waiting, and end in time', async () => {
  const { port, server } = await served({ handler: () => 'x', headTimeout: '2s' });
  const slow = await Promise.all(Array.from({ length: 100 }, () => RawClient.open(port)));
  for (const client of slow) client.write('GET / HTTP/1.1\r\nx: ');
  const drip = setInterval(() => {
    for (const client of slow) if (!client.ended) client.write('y');
  }, 20);
  for (let i = 0; i < 10; i++)
    expect(statuses(await answerTo(port, `GET / HTTP/1.1\r\n${HOST}connection: close\r\n\r\n`))).toEqual([
      200,
    ]);
  for (const client of slow) expect(statuses(await client.closed())).toEqual([408]);
  clearInterval(drip);
  for (const client of slow) client.socket.destroy();
  while (server.connections > 0) await new Promise(setImmediate);
});

test('what is packed stays packed, on all ways', async () => {
  const bomb = gzipSync(Buffer.alloc(50_000_000));
  const sizes: number[] = [];
  const { port, skynet } = await served({
    handler: async (request) => {
      sizes.push((await request.body.bytes()).length);
      return { headers: { 'content-encoding': 'gzip' }, body: bomb };
    },
  });
  const headers = { 'content-encoding': 'gzip', 'accept-encoding': 'gzip' };
  await inTurn(skynet, async () => {
    const pooled = createHttpClient(skynet);
    const answer = await pooled.request(`http://127.0.0.1:${port}/`, { body: bomb, headers });
    expect((await answer.body.bytes()).equals(bomb)).toBe(true);
    const httpc = createHttpc(skynet);
    const [, body] = await httpc.request('POST', `127.0.0.1:${port}`, '/', {}, headers, bomb);
    expect(body.equals(bomb)).toBe(true);
  });
  expect(sizes).toEqual([bomb.length, bomb.length]);
});

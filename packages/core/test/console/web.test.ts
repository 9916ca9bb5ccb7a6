import { connect as connectTls } from 'node:tls';
import { describe, expect, onTestFinished, test } from 'vitest';
import { startTestNode, type TestNode } from '../test-node.ts';
import { consolePort, open, openedNode, visit } from './visitor.ts';

const NOT_FOR_PAGES = 'Not for web pages\n<CMD Error>\n';
const NO_COMMAND = 'Invalid command, type help for command list\n\n<CMD Error>\n';
const NEEDS_POST = /^This changes something: it needs POST/;

/** A request with a body that would leave a trace if it were done: as the body of a POST, or as lines. */
function request(line: string, ...headers: string[]): string {
  const body = 'setenv trace 1\nsetenv trace 1\n';
  return [line, ...headers, `Content-Length: ${body.length}`, '', body].join('\r\n');
}

/** What is printed for bytes, until the console closes the connection. */
async function answerTo(node: TestNode, bytes: string | Uint8Array): Promise<string> {
  const visitor = await visit(node);
  visitor.send(bytes);
  return visitor.rest();
}

async function expectNoTrace(node: TestNode): Promise<void> {
  expect(await (await visit(node)).type('getenv trace')).toEqual(['trace\tnil', '<CMD OK>']);
}

describe('debug console over HTTP', () => {
  test('the path, or the body of a POST, is the command', async () => {
    const { node, console } = await openedNode({ myname: 'Dmaker' });
    console.send('GET /getenv/myname HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n');
    expect(await console.rest()).toBe('myname\tDmaker\n<CMD OK>\n');
    const post = await visit(node);
    post.send('POST / HTTP/1.1\r\nContent-Length: 13\r\n\r\ngetenv ');
    post.send('myname');
    expect(await post.rest()).toBe('myname\tDmaker\n<CMD OK>\n');
  });

  test.each([
    'Origin: http://evil.example',
    'Origin: null',
    'Host: evil.example:80',
    'Sec-Fetch-Site: cross-site',
    'Sec-Fetch-Site: none',
    'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
    'Referer: http://evil.example/',
    'Cookie: a=b',
    'Upgrade-Insecure-Requests: 1',
    'Access-Control-Request-Method: POST',
    'User-Agent: Mozilla/5.0 (X11; Linux x86_64)',
  ])('what a web page sends is refused (%s)', async (header) => {
    const { console } = await openedNode({ myname: 'Dmaker' });
    console.send(`POST / HTTP/1.1\r\n${header}\r\nContent-Length: 13\r\n\r\ngetenv myname`);
    expect(await console.rest()).toBe('Not for web pages\n<CMD Error>\n');
  });

  test.each([
    '0.0.0.0',
    '0.0.0.0:8000',
    '0',
    '[::]:8000',
    '[::ffff:127.0.0.1]',
    '[::ffff:7f00:1]:8000',
    '[::ffff:0:0]',
    '127.0.0.2',
    '127.1',
    '2130706433',
    '192.168.0.1:8000',
    '[fe80::1]',
    'evil.example',
    'localhost.evil.example',
    'localhost.',
    '127.0.0.1:8000@evil.example',
    '127.0.0.1:123456',
    '127.0.0.1, evil.example',
    '',
  ])('a console of the loopback is asked for by its names only, not as %j', async (host) => {
    const { node } = await openedNode();
    const headers = [`Host: ${host}`, 'skynet-console: 1'];
    expect(await answerTo(node, request('POST / HTTP/1.1', ...headers))).toBe(NOT_FOR_PAGES);
    expect(await answerTo(node, request('GET /setenv/trace/1 HTTP/1.1', ...headers))).toBe(NOT_FOR_PAGES);
    await expectNoTrace(node);
  });

  test.each(['localhost', 'LOCALHOST:8000', '127.0.0.1', '127.0.0.1:65535', '[::1]', '[::1]:8000'])(
    'as %s it is',
    async (host) => {
      const { node } = await openedNode({ myname: 'Dmaker' });
      const answer = await answerTo(node, `GET /getenv/myname HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
      expect(answer).toBe('myname\tDmaker\n<CMD OK>\n');
    },
  );

  test.each([
    ['127.0.0.2', '127.0.0.2'],
    ['0.0.0.0', '127.0.0.1'],
    ['0.0.0.0', '127.0.0.3'],
  ])('a console bound to %s answers to %s, where it was reached', async (ip, host) => {
    const node = await startTestNode({ myname: 'Dmaker' });
    await node.newService('debug_console', ip, '0');
    const ask = async (as: string): Promise<string> => {
      const visitor = await visit(node, '127.0.0.1', host);
      visitor.send(`GET /getenv/myname HTTP/1.1\r\nHost: ${as}\r\n\r\n`);
      return visitor.rest();
    };
    expect(await ask(host)).toBe('myname\tDmaker\n<CMD OK>\n');
    expect(await ask('0.0.0.0')).toBe(NOT_FOR_PAGES);
    expect(await ask('127.0.0.9')).toBe(NOT_FOR_PAGES);
  });

  test('what changes something is done by POST with a header that no page can send, or the token', async () => {
    const { node } = await openedNode();
    const host = 'Host: 127.0.0.1';
    for (const command of [
      'setenv/trace/1',
      'shutdown',
      'start/echo',
      'kill/1',
      'gc',
      'profile',
      'dumpheap',
    ]) {
      expect(await answerTo(node, `GET /${command} HTTP/1.1\r\n${host}\r\n\r\n`)).toMatch(NEEDS_POST);
      const own = `GET /${command} HTTP/1.1\r\n${host}\r\nskynet-console: 1\r\n\r\n`;
      expect(await answerTo(node, own)).toMatch(NEEDS_POST);
      const plain = `POST /${command} HTTP/1.1\r\n${host}\r\nContent-Length: 0\r\n\r\n`;
      expect(await answerTo(node, plain)).toMatch(NEEDS_POST);
    }
    const form = request('POST / HTTP/1.1', host, 'Content-Type: text/plain', 'Accept: */*');
    expect(await answerTo(node, form)).toMatch(NEEDS_POST);
    await expectNoTrace(node);
    const post = (headers: string, body: string): string =>
      `POST / HTTP/1.1\r\n${host}\r\n${headers}\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
    expect(await answerTo(node, post('Skynet-Console: 1', 'setenv fresh 1'))).toBe('<CMD OK>\n');
    const path = `POST /setenv/fresh2/a%20b HTTP/1.1\r\n${host}\r\nskynet-console: 1\r\n\r\n`;
    expect(await answerTo(node, path)).toBe('<CMD OK>\n');
    expect(await (await visit(node)).type('getenv fresh2')).toEqual(['fresh2\ta', '<CMD OK>']);

    const guarded = await openedNode({ consoleToken: 'sesame' });
    const bearer = 'Authorization: bearer sesame';
    expect(await answerTo(guarded.node, post('skynet-console: 1', 'setenv a 1'))).toMatch(/^token <text>/);
    expect(await answerTo(guarded.node, post(bearer, 'setenv a 1'))).toBe('<CMD OK>\n');
    const get = `GET /setenv/b/1 HTTP/1.1\r\n${host}\r\n${bearer}\r\n\r\n`;
    expect(await answerTo(guarded.node, get)).toMatch(NEEDS_POST);
  });

  test.each([
    'PUT / HTTP/1.1',
    'DELETE /list HTTP/1.1',
    'PATCH / HTTP/1.0',
    'OPTIONS * HTTP/1.1',
    'HEAD /list HTTP/1.1',
    'CONNECT 127.0.0.1:80 HTTP/1.1',
    'TRACE / HTTP/1.1',
    'get /list HTTP/1.1',
    'post / http/1.1',
    'POST / http/1.1',
    'POST / HTTP/2',
    'POST / HTTP/0.9',
    'POST / HTTP/1.10',
    'POST / HTTP/',
    'POST  / HTTP/1.1',
    'POST /a b HTTP/1.1',
    'POST\t/\tHTTP/1.1',
    'PRI * HTTP/2.0',
    'setenv / HTTP/1.1',
    'list HTTP/1.1',
    'FOO-BAR /list HTTP/3',
    'POST http://127.0.0.1/ HTTP/1.1',
    'GET http://evil.example/list HTTP/1.1',
    'HTTP/1.1',
    ' POST / HTTP/1.1',
  ])('%j begins a request that is refused, no line of it runs', async (line) => {
    const { node } = await openedNode();
    for (const end of ['\r\n', '\n'])
      expect(
        await answerTo(node, request(line, 'Host: 127.0.0.1', 'skynet-console: 1').replaceAll('\r\n', end)),
      ).toMatch(/^(Bad request|Method not allowed): .*\n<CMD Error>\n$/);
    await expectNoTrace(node);
  });

  test.each([
    ['Host: 127.0.0.1', 'Host: 127.0.0.1'],
    ['Host: 127.0.0.1', 'host: evil.example'],
    ['Host: 127.0.0.1', ' evil.example'],
    ['Host: 127.0.0.1', '\tfolded: 1'],
    ['Host: 127.0.0.1', 'Content-Length: 5'],
    ['Host: 127.0.0.1', 'Transfer-Encoding: chunked'],
    ['Host: 127.0.0.1', 'Upgrade: websocket'],
    ['Host : 127.0.0.1'],
    [': 127.0.0.1'],
    ['Host: 127.0.0.1', 'no colon'],
    ['Host: 127.0.0.1', 'a\rb: c'],
    ['Host: 127.0.0.1', 'a: b\u0000'],
  ])('headers %j are refused', async (...headers) => {
    const { node } = await openedNode();
    const answer = await answerTo(node, request('POST / HTTP/1.1', ...headers, 'skynet-console: 1'));
    expect(answer).toMatch(/^(Bad request: .*|Not for web pages)\n<CMD Error>\n$/);
    await expectNoTrace(node);
  });

  test.each(['-1', '1e3', '0x10', '5 5', '', '99999999999'])(
    'Content-Length %j is refused',
    async (length) => {
      const { node } = await openedNode();
      const answer = await answerTo(
        node,
        `POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: ${length}\r\n\r\nsetenv trace 1\n`,
      );
      expect(answer).toMatch(/^Bad request/);
      await expectNoTrace(node);
    },
  );

  test('endless lines, headers and bodies are cut off', async () => {
    const { node, console } = await openedNode();
    console.send('x'.repeat(9000));
    expect(await console.rest()).toBe('Line too long\n<CMD Error>\n');
    const headers = await visit(node);
    headers.send(`GET / HTTP/1.1\n${'a: b\n'.repeat(200)}`);
    expect(await headers.rest()).toBe('Too many headers\n<CMD Error>\n');
    const body = await visit(node);
    body.send('POST / HTTP/1.1\nContent-Length: 100000\n\n');
    expect(await body.rest()).toBe('Body too long\n<CMD Error>\n');
  });

  test('a head that is large altogether is cut off', async () => {
    const { node } = await openedNode();
    const headers = Array.from({ length: 20 }, (_, i) => `h${i}: ${'x'.repeat(500)}`).join('\r\n');
    expect(await answerTo(node, `GET / HTTP/1.1\r\n${headers}\r\n\r\n`)).toBe(
      'Too many headers\n<CMD Error>\n',
    );
  });

  test('nothing behind a request is a command', async () => {
    const { node } = await openedNode({ myname: 'Dmaker' });
    const first = 'GET /getenv/myname HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n';
    expect(await answerTo(node, `${first}setenv trace 1\nsetenv trace 1\n`)).toBe(
      'myname\tDmaker\n<CMD OK>\n',
    );
    await expectNoTrace(node);
  });
});

describe('visitors of the debug console that speak something else', () => {
  test.each([
    ['SMTP', 'EHLO evil.example\r\nsetenv trace 1\r\n'],
    ['FTP', 'USER anonymous\r\nsetenv trace 1\r\n'],
    ['IMAP', 'a001 LOGIN x y\r\nsetenv trace 1\r\n'],
    ['Redis', '*1\r\n$14\r\nsetenv trace 1\r\n'],
    ['memcached', 'get x\r\nsetenv trace 1\r\n'],
    ['a response', 'HTTP/1.1 200 OK\r\nsetenv trace 1\r\n'],
    ['HTTP without a version', 'GET /setenv/trace/1\r\nsetenv trace 1\r\n'],
    ['JSON', '{"a":1}\nsetenv trace 1\n'],
    ['TURN', '\u0000\u0003\u0000\nsetenv trace 1\n'],
    ['a header of TLS without an end', '\u0016\u0003\u0001\u0002'],
    ['a terminal', '\u001b[31mlist\nsetenv trace 1\n'],
    ['capitals', 'LIST\nsetenv trace 1\n'],
    ['a list that is none', 'list\u0000\nsetenv trace 1\n'],
    ['nothing first', '\n\r\n \nPUT / HTTP/1.1\r\nsetenv trace 1\r\n'],
    ['an inherited name', 'toString\nsetenv trace 1\n'],
  ])('%s: the first line that is no command ends the connection', async (_protocol, bytes) => {
    const { node } = await openedNode();
    const answer = await answerTo(node, bytes);
    expect(answer.endsWith('<CMD Error>\n')).toBe(true);
    expect(answer.split('\n').length).toBeLessThan(5);
    await expectNoTrace(node);
  });

  test('TLS: the first record ends the connection', async () => {
    const { node } = await openedNode();
    const client = connectTls({
      port: await consolePort(node),
      host: '127.0.0.1',
      rejectUnauthorized: false,
    });
    onTestFinished(() => void client.destroy());
    await expect(
      new Promise((resolve, reject) => client.on('secureConnect', resolve).on('error', reject)),
    ).rejects.toMatchObject({ code: expect.stringMatching(/^ERR_SSL|ECONNRESET/) });
    await node.logged(/disconnect/);
    await expectNoTrace(node);
  });

  test('later a slip of the pen costs nothing', async () => {
    const { node, console } = await openedNode();
    expect((await console.type('help')).at(-1)).toBe('<CMD OK>');
    expect((await console.type('lsit')).at(-1)).toBe('<CMD Error>');
    expect((await console.type('list')).at(-1)).toBe('<CMD OK>');
    expect(await answerTo(node, 'lsit\nsetenv trace 1\n')).toBe(NO_COMMAND);
    const second = await open(await startTestNode(), '127.0.0.1', '0');
    second.send('\n  \nhelp\nquit\n');
    second.socket.end();
    expect((await second.rest()).endsWith(NO_COMMAND)).toBe(true);
  });
});

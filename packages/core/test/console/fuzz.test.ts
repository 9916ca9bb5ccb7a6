import { once } from 'node:events';
import { connect } from 'node:net';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { runs } from '../../../../test/runs.ts';
import { showResult } from '../../src/console/values.ts';
import { startTestNode } from '../test-node.ts';
import { consolePort, open, visit } from './visitor.ts';

const TRACE = 'setenv trace 1';

const method = fc.oneof(
  fc.constantFrom('GET', 'POST', 'PUT', 'HEAD', 'OPTIONS', 'get', 'PRI', 'list', 'setenv', ''),
  fc.string({ maxLength: 4 }),
);
const target = fc.oneof(
  fc.constantFrom(
    '/',
    '/setenv/trace/1',
    '/list',
    '*',
    'http://127.0.0.1/setenv/trace/1',
    '/%0asetenv%20trace%201',
  ),
  fc.webPath(),
);
const version = fc.constantFrom('HTTP/1.1', 'HTTP/1.0', 'http/1.1', 'HTTP/2', 'HTTP/', 'HTTP/1.1 ', '');
const header = fc.oneof(
  fc.constantFrom(
    'Host: 127.0.0.1',
    'Host: localhost:80',
    'Host: 0.0.0.0',
    'Host: evil.example',
    'Origin: null',
    'Sec-Fetch-Mode: navigate',
    'Content-Type: text/plain',
    'Transfer-Encoding: chunked',
    'Upgrade: websocket',
    ' folded',
    `Content-Length: ${TRACE.length + 1}`,
    'Content-Length: 0',
    'Content-Length: -1',
    'Authorization: Bearer x',
  ),
  fc.string({ maxLength: 20 }),
);
const request = fc
  .tuple(method, target, version, fc.array(header, { maxLength: 5 }), fc.constantFrom('\r\n', '\n'))
  .map(([verb, path, http, headers, end]) =>
    [`${verb} ${path} ${http}`, ...headers, '', TRACE, ''].join(end),
  );
/** Bytes of some other protocol, with a command behind them. */
const foreign = fc
  .tuple(fc.uint8Array({ minLength: 1, maxLength: 40 }), fc.constantFrom('\n', '\r\n', '\0\n'))
  .map(([bytes, end]) => Buffer.concat([bytes, Buffer.from(`${end}${TRACE}\n`)]));

describe('whatever a stranger sends to the debug console', () => {
  test('nothing is changed by what no visitor of the console would send', async () => {
    const node = await startTestNode();
    await open(node);
    const port = await consolePort(node);
    let heard = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(request.map(Buffer.from), foreign),
        fc.nat({ max: 60 }),
        async (bytes, cut) => {
          // Whoever begins with a command, and not as requests begin, is a visitor.
          fc.pre(!/^\s*(setenv|list)(?!.*http\/)/i.test(bytes.toString()));
          const socket = connect(port, '127.0.0.1').on('error', () => {});
          let answer = '';
          socket.setEncoding('utf8').on('data', (chunk: string) => {
            answer += chunk;
          });
          socket.write(bytes.subarray(0, cut));
          socket.end(bytes.subarray(cut));
          await once(socket, 'close');
          if (answer.length > 26) heard++;
          expect(answer.replaceAll(/[\n\t]/g, '')).not.toMatch(/\p{Cc}/u);
        },
      ),
      { numRuns: runs(200) },
    );
    expect(heard).toBeGreaterThan(100);
    const visitor = await visit(node);
    expect(await visitor.type('getenv trace')).toEqual(['trace\tnil', '<CMD OK>']);
  });

  test('no text, wherever it stands in an answer, looks like its end or moves the cursor', () => {
    const text = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.constantFrom(
        '<CMD OK>',
        'x\n<CMD OK>',
        '\r<CMD OK>',
        '\u001b[2J',
        '\u009b2J',
        'a\tb',
        '<cmd error>\n',
        '\u202e',
      ),
    );
    const table = fc.dictionary(text, fc.oneof(text, fc.dictionary(text, text, { maxKeys: 2 })), {
      maxKeys: 3,
    });
    fc.assert(
      fc.property(fc.oneof(text, table, fc.array(text, { maxLength: 3 })), (result) => {
        const lines = showResult(result).flatMap((line) => line.split('\n'));
        for (const line of lines) {
          expect(line).not.toMatch(/^<CMD /i);
          expect(line.replaceAll('\t', '')).not.toMatch(/[\p{Cc}\u202e]/u);
        }
        if (typeof result === 'object' && !Array.isArray(result))
          expect(lines).toHaveLength(Object.keys(result).length);
      }),
      { numRuns: runs(500) },
    );
  });
});

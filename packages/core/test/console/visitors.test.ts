import { defineService } from '@skynet/core';
import { FakeClock } from '@skynet/core/testing';
import { describe, expect, test } from 'vitest';
import { startTestNode } from '../test-node.ts';
import { open, openedNode, visit } from './visitor.ts';

describe('strangers at the debug console', () => {
  test('with a token nothing is done for those who do not show it first', async () => {
    const { node, console } = await openedNode({ consoleToken: 'secret', myname: 'Dmaker' });
    expect(await console.type('token secret')).toEqual(['<CMD OK>']);
    expect(await console.type('getenv myname')).toEqual(['myname\tDmaker', '<CMD OK>']);
    for (const attempt of ['getenv myname', 'token secre', 'token', 'GET /getenv/myname HTTP/1.0\n']) {
      const other = await visit(node);
      other.send(`${attempt}\ngetenv myname\n`);
      expect(await other.rest()).toBe('token <text> is needed first\n<CMD Error>\n');
    }
    const web = await visit(node);
    web.send('GET /getenv/myname HTTP/1.0\r\nAuthorization: Bearer secret\r\n\r\n');
    expect(await web.rest()).toBe('myname\tDmaker\n<CMD OK>\n');
  });

  test('many who say nothing keep nobody out', async () => {
    const { node, console } = await openedNode();
    expect((await console.type('help')).at(-1)).toBe('<CMD OK>');
    const silent = [];
    for (let i = 0; i < 100; i++) silent.push(await visit(node, `127.0.0.${1 + (i % 4)}`));
    const late = await visit(node);
    expect((await late.type('help')).at(-1)).toBe('<CMD OK>');
    // The first of them had to go, whoever spoke is still there.
    expect(await silent[0]?.rest()).toBe('');
    expect((await console.type('help')).at(-1)).toBe('<CMD OK>');
    const places = silent.filter(({ socket }) => !socket.closed).length;
    expect(places).toBeLessThanOrEqual(62);
  });

  test('many from one address keep nobody out, whatever they have said', async () => {
    const { node, console } = await openedNode();
    expect((await console.type('help')).at(-1)).toBe('<CMD OK>');
    for (let i = 0; i < 70; i++) expect((await (await visit(node)).type('help')).at(-1)).toBe('<CMD OK>');
    expect(await console.rest()).toBe('Others want in: the longest quiet has to go\n');
    const elsewhere = await visit(node, '127.0.0.2');
    expect((await elsewhere.type('help')).at(-1)).toBe('<CMD OK>');
  });

  test.each([
    ['with a token', { consoleToken: 'sesame' }],
    ['without one', {}],
  ])('whoever says nothing is sent away after a time, %s', async (_, config) => {
    const { console } = await openedNode({ ...config, timeScale: 0.0001 });
    expect(await console.rest()).toBe('Nothing came in time\n<CMD Error>\n');
    const { console: slow } = await openedNode({ ...config, timeScale: 0.001 });
    slow.send('GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n');
    expect(await slow.rest()).toBe('Nothing came in time\n<CMD Error>\n');
  });

  test('whoever has been let in may be quiet', async () => {
    const clock = new FakeClock();
    const node = await startTestNode({}, { clock });
    const console = await open(node);
    expect((await console.type('help')).at(-1)).toBe('<CMD OK>');
    const silent = await visit(node);
    await clock.advance('10m');
    expect(await silent.rest()).toBe('Nothing came in time\n<CMD Error>\n');
    expect((await console.type('help')).at(-1)).toBe('<CMD OK>');
  });

  test('wrong tokens are few, for each address', async () => {
    const { node } = await openedNode({ consoleToken: 'sesame' });
    const guess = async (text: string, from?: string): Promise<string> => {
      const visitor = await visit(node, from);
      visitor.send(`${text}\n`);
      return visitor.rest();
    };
    const guesses = Array.from({ length: 30 }, (_, i) =>
      guess(i % 2 === 0 ? `token ${i}` : `GET /list HTTP/1.1\r\nAuthorization: Bearer ${i}\r\n\r`),
    );
    const answers = await Promise.all(guesses);
    const seen = answers.filter((answer) => answer === 'token <text> is needed first\n<CMD Error>\n');
    const unseen = answers.filter(
      (answer) => answer === 'Too many wrong tokens: wait a minute\n<CMD Error>\n',
    );
    expect([seen.length, unseen.length]).toEqual([5, 25]);
    // Nothing is to be learned now: the right one is not looked at either.
    expect(await guess('token sesame')).toMatch(/^Too many/);
    const elsewhere = await visit(node, '127.0.0.2');
    expect(await elsewhere.type('token sesame')).toEqual(['<CMD OK>']);
    const line = await node.logged(/wrong token/);
    expect(line).toMatch(/127\.0\.0\.1:\d+ showed a wrong token$/);
  });

  test('tokens are not shown', async () => {
    const config = { consoleToken: 'sesame', dbPassword: 'sesame', myname: 'Dmaker' };
    const { node, console } = await openedNode(config);
    await node.newService('debug_console', '127.0.0.1', '0', 'sesame-2');
    await node.newService('debug_console', '0', 'sesame-3');
    expect(await console.type('token sesame')).toEqual(['<CMD OK>']);
    expect(await console.type('getenv consoleToken')).toEqual(['consoleToken\t******', '<CMD OK>']);
    expect(await console.type('getenv dbPassword')).toEqual(['dbPassword\t******', '<CMD OK>']);
    expect(await console.type('getenv otherToken')).toEqual(['otherToken\tnil', '<CMD OK>']);
    await node.newService(
      defineService((skynet) => {
        skynet.register('.told');
        skynet.info(() => ({ name: 'x', config: { ...config, keys: [{ api_key: 'sesame' }] } }));
      }),
    );
    const shown = [];
    for (const command of ['list', 'mem', 'stat', 'service', 'info .told', 'call .launcher "LIST"'])
      shown.push(...(await console.type(command)));
    expect(shown.join('\n')).toContain('snlua debug_console 127.0.0.1 0 ******');
    expect(shown.join('\n')).toContain('myname');
    expect([...shown, ...node.log].join('\n')).not.toContain('sesame');
  });
});

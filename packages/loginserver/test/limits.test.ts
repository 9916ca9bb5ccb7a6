import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import {
  base64decode,
  base64encode,
  desencode,
  dhexchange,
  dhsecret,
  hexencode,
  hmac64,
  randomkey,
} from '@skynet/core/crypt';
import { until } from '@skynet/core/testing';
import fc from 'fast-check';
import { describe, expect, onTestFinished, test } from 'vitest';
import { connectLine, type LineSocket, logIn, startTestLogin, tokenOf } from './harness.ts';

/** The lines of a good login, and the client after the first so many of them. */
async function advance(
  port: number,
  steps: number,
): Promise<{ client: LineSocket; lines: string[]; sent: string[] }> {
  const client = await connectLine(port);
  const challenge = base64decode((await client.line()) ?? '');
  const key = randomkey();
  const lines = [base64encode(dhexchange(key))];
  const sent: string[] = [];
  const say = (): void => {
    const line = lines[sent.length] as string;
    sent.push(line);
    client.send(line);
  };
  if (steps > 0) {
    say();
    const secret = dhsecret(base64decode((await client.line()) ?? ''), key);
    lines.push(base64encode(hmac64(challenge, secret)), base64encode(desencode(secret, tokenOf('hello'))));
    while (sent.length < steps) say();
  }
  return { client, lines, sent };
}

describe('time', () => {
  // Long enough for a busy machine to get as far as a test wants it to.
  const handshakeTimeout = '3s';

  test('ends for a client that stops after any line, without a status line', async () => {
    const stopping = async (steps: number): Promise<void> => {
      const { node, port, ask } = await startTestLogin({ handshakeTimeout, instance: 1 });
      const { client } = await advance(port, steps);
      client.socket.write('partial');
      expect(await client.rest()).toEqual([]);
      await node.logged(/invalid client \(fd = \d+\) error = handshake timeout/);
      await until(async () => (await ask<number>('count')) === 0);
    };
    await Promise.all([0, 1, 2].map(stopping));
  });

  test('does not end while a handler works', async () => {
    const { node, port, ask } = await startTestLogin({ handshakeTimeout });
    const login = logIn(port, tokenOf('held'));
    await node.logged(/held$/);
    // The time that would end it has passed when it has ended for one that came later.
    const later = await connectLine(port);
    await later.line();
    expect(await later.rest()).toEqual([]);
    await ask('release');
    expect((await login).status).toBe('200 MQ==');
  });

  test('ends for one that drips byte by byte', async () => {
    const { port } = await startTestLogin({ handshakeTimeout: '100ms' });
    const client = await connectLine(port);
    await client.line();
    const drip = setInterval(() => client.socket.write('A'), 5);
    expect(await client.rest()).toEqual([]);
    clearInterval(drip);
  });
});

describe('size', () => {
  test('8192 bytes may lie unread, 8193 close without a status line', async () => {
    const { node, port } = await startTestLogin({ instance: 1 });
    const fine = await connectLine(port);
    await fine.line();
    fine.socket.write('!'.repeat(8192));
    const over = await connectLine(port);
    await over.line();
    over.socket.write('!'.repeat(8193));
    expect(await over.rest()).toEqual([]);
    await node.logged(/socket buffer overflow: fd=\d+ size=8193/);
    expect(node.log.filter((line) => line.includes('overflow'))).toHaveLength(1);
    fine.socket.destroy();
    await node.logged(/auth failed: socket \(fd = \d+\) closed/);
    await node.logged(/invalid client \(fd = \d+\) error = socket error/);
  });

  test('a stream of short lines beyond that closes as well', async () => {
    const { port } = await startTestLogin();
    const client = await connectLine(port);
    await client.line();
    client.socket.write('\n'.repeat(20_000));
    expect((await client.rest()).filter((line) => line.startsWith('200'))).toEqual([]);
  });
});

describe('addresses', () => {
  test('one may have so many connections at the same time, and more once those are gone', async () => {
    const { node, port, ask } = await startTestLogin({ limits: { connections: 3 } });
    const clients = [await connectLine(port), await connectLine(port), await connectLine(port)];
    for (const client of clients) expect(await client.line()).toBeDefined();
    const refused = await connectLine(port);
    expect(await refused.rest()).toEqual([]);
    await node.logged(/login server turned away 1, the last from 127\.0\.0\.1: more than 3 connections$/);
    clients[0]?.socket.destroy();
    await until(async () => (await ask<number>('count')) === 2);
    expect((await logIn(port, tokenOf('hello'))).status).toBe('200 MQ==');
  });

  test('one that failed too often in a minute is not greeted any more, others are', async () => {
    const { port } = await startTestLogin({ limits: { failuresPerMinute: 3 }, host: '0.0.0.0' });
    for (let i = 0; i < 3; i++)
      expect((await logIn(port, tokenOf('hello', 'guess'))).status).toBe('401 Unauthorized');
    expect(await (await connectLine(port)).rest()).toEqual([]);
    expect(await (await connectLine(port, '127.0.0.2')).line()).toBeDefined();
  });

  test('a refusal by the login point does not count', async () => {
    const { port } = await startTestLogin({ limits: { failuresPerMinute: 1 } });
    for (let i = 0; i < 3; i++)
      expect((await logIn(port, tokenOf('hello', 'password', 'nowhere'))).status).toBe('403 Forbidden');
    expect((await logIn(port, tokenOf('hello'))).status).toBe('200 MQ==');
  });

  test('all together may have so many connections', async () => {
    const { node, port } = await startTestLogin({ maxclient: 1 });
    const first = await connectLine(port);
    await first.line();
    expect(await (await connectLine(port)).rest()).toEqual([]);
    await node.logged(/more than 1 connections in all/);
  });
});

/** Whether two texts are base64 of the same bytes. */
function isSame(good: string, bad: string): boolean {
  try {
    return hexencode(base64decode(bad)) === hexencode(base64decode(good));
  } catch {
    return false;
  }
}

describe('a client can never', () => {
  test('get in or do harm by spoiling, cutting, repeating or disordering lines', async () => {
    const { node, port, ask } = await startTestLogin({ instance: 2, limits: { failuresPerMinute: 0 } });
    await fc.assert(
      fc.asyncProperty(
        fc.record({
          step: fc.nat(2),
          how: fc.constantFrom('flip', 'cut', 'twice', 'swap', 'grow', 'empty', 'return', 'binary'),
          at: fc.nat(60),
          bits: fc.integer({ min: 1, max: 127 }),
        }),
        async ({ step, how, at, bits }) => {
          const { client, lines } = await advance(port, step);
          const good = lines[step] ?? lines[0] ?? '';
          const i = at % good.length;
          const bad = {
            flip: `${good.slice(0, i)}${String.fromCharCode(good.charCodeAt(i) ^ bits)}${good.slice(i + 1)}`,
            cut: good.slice(0, i),
            twice: `${good}\n${good}`,
            swap: lines[(step + 1) % lines.length] ?? '',
            grow: good.repeat(1 + (at % 20)),
            empty: '',
            return: `${good}\r`,
            binary: '\u0000\u00ff\u0080'.repeat(at),
          }[how];
          client.send(bad);
          client.socket.end();
          const rest = await client.rest();
          const status = rest.at(-1) ?? '';
          // What base64 skips or adds by itself changes nothing. DES without a checksum lets a client that knows a
          // password spoil its own token; any other change is refused.
          if (status.startsWith('200'))
            expect([step, how === 'twice' || how === 'flip' || isSame(good, bad)]).toEqual([2, true]);
          else if (status !== '' && rest.length === 1 && /^4\d\d /.test(status))
            expect(['400 Bad Request', '401 Unauthorized', '403 Forbidden']).toContain(status);
        },
      ),
      { numRuns: 120 },
    );
    await until(async () => (await ask<number>('count')) === 0);
    expect((await logIn(port, tokenOf('hello'))).status).toMatch(/^200 /);
    expect(node.log.filter((line) => /stack|TypeError/.test(line))).toEqual([]);
  });

  test('crash the service with bytes of any kind', async () => {
    const { node, port, ask } = await startTestLogin({ instance: 1, limits: { failuresPerMinute: 0 } });
    await fc.assert(
      fc.asyncProperty(fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 8 }), async (chunks) => {
        const client = await connectLine(port);
        for (const chunk of chunks) client.socket.write(chunk);
        client.socket.end();
        expect((await client.rest()).filter((line) => line.startsWith('200'))).toEqual([]);
      }),
      { numRuns: 60 },
    );
    await until(async () => (await ask<number>('count')) === 0);
    expect((await logIn(port, tokenOf('hello'))).status).toMatch(/^200 /);
    expect(node.log.filter((line) => /stack|TypeError/.test(line))).toEqual([]);
  });

  test('replay a login: its lines are worth nothing on another connection', async () => {
    const { port } = await startTestLogin({ limits: { failuresPerMinute: 0 } });
    const { client, sent } = await advance(port, 3);
    expect(await client.rest()).toEqual(['200 MQ==']);
    for (let i = 0; i < 5; i++) {
      const thief = await connectLine(port);
      await thief.line();
      thief.send(...sent);
      expect((await thief.rest()).at(-1)).toBe('400 Bad Request');
    }
  });

  test('leave anything behind by leaving at any step', async () => {
    const { node, port, ask } = await startTestLogin({ instance: 2 });
    for (let i = 0; i < 40; i++) (await advance(port, i % 4)).client.socket.destroy();
    await until(async () => (await ask<number>('count')) === 0);
    const log = node.log.join('\n');
    expect(log).not.toContain(base64encode('password'));
    expect(log).not.toContain(hexencode(Buffer.from('password')));
  });
});

describe('a login server on several addresses', () => {
  test('takes users from all of them; an address is counted where there are some', async () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'skynet-login-'));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    const unix = path.join(folder, 'login');
    const listen = ['tcp://127.0.0.1:0', `unix://${unix}`, 'tcp://127.0.0.1:0'];
    const { node, ask } = await startTestLogin({ listen, limits: { failuresPerMinute: 2 } });
    const urls = await ask<string[]>('urls');
    const ports = [urls[0], urls[2]].map((url) => Number(/:(\d+)$/.exec(url ?? '')?.[1]));
    expect(urls[1]).toBe(`unix://${unix}`);
    for (const port of ports) expect((await logIn(port, tokenOf('nengzhong'))).status).toMatch(/^200 /);
    for (const port of ports) expect((await logIn(port, tokenOf('nengzhong', 'no'))).status).toMatch(/^401 /);
    // Failures count wherever they were.
    const turnedAway = await connectLine(ports[0] as number);
    expect(await turnedAway.line()).toBe(undefined);
    const local = connect(unix);
    onTestFinished(() => void local.destroy());
    expect(String((await once(local, 'data'))[0])).toMatch(/^[\w+/]+=*\n$/);
    await node.logged('turned away 1');
    expect(node.log.filter((line) => line.includes('login server listen at'))).toHaveLength(3);
  });

  test('listens on all of them or on none', async () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'skynet-login-'));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    const unix = path.join(folder, 'login');
    const listen = [`unix://${unix}`, 'tcp://203.0.113.1:1'];
    await expect(startTestLogin({ listen })).rejects.toMatchObject({ cause: { code: 'ERR_LISTEN' } });
    expect(existsSync(unix)).toBe(false);
  });
});

import { base64encode } from '@skynet/core/crypt';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createServerKey, ModernClient } from '../src/index.ts';
import { connectLine, logIn, startTestLogin, tokenOf } from './harness.ts';

const key = createServerKey();
const modern = { privateKey: key.privateKey };

/** Logs in by the handshake of today; the status line in the clear. */
async function logInModern(
  port: number,
  client: ModernClient,
  spoil: { greeting?: (line: string) => string; token?: (line: string) => string } = {},
): Promise<string | undefined> {
  const socket = await connectLine(port);
  const greeting = client.greet((await socket.line()) ?? '');
  socket.send(spoil.greeting?.(greeting) ?? greeting);
  const answer = (await socket.line()) ?? '';
  if (/^\d{3} /.test(answer)) return answer;
  const token = client.token(answer, Buffer.from(tokenOf('hello')));
  socket.send(spoil.token?.(token) ?? token);
  const [status = '', ...more] = await socket.rest();
  expect(more).toEqual([]);
  return client.status(status);
}

describe('the handshake of today', () => {
  test.each(['aes-256-gcm', 'chacha20-poly1305'] as const)(
    'with %s gives subid and secret',
    async (cipher) => {
      const { node, port } = await startTestLogin({ modern });
      const client = new ModernClient(key.publicKey, cipher);
      expect(await logInModern(port, client)).toBe('200 MQ==');
      expect(client.secret).toHaveLength(8);
      await node.logged(/login of 68656c6c6f with 8 bytes/);
    },
  );

  test('stands beside the original one, which an application can turn off', async () => {
    const both = await startTestLogin({ modern });
    expect((await logIn(both.port, tokenOf('hello'))).status).toBe('200 MQ==');
    const only = await startTestLogin({ modern, classic: false });
    const old = await connectLine(only.port);
    await old.line();
    old.send(base64encode('12345678'));
    expect(await old.rest()).toEqual(['400 Bad Request']);
    expect(await logInModern(only.port, new ModernClient(key.publicKey))).toBe('200 MQ==');
  });

  test('is refused where it is not turned on, or the cipher is not wanted', async () => {
    const { port } = await startTestLogin();
    expect(await logInModern(port, new ModernClient(key.publicKey))).toBe('400 Bad Request');
    const picky = await startTestLogin({ modern: { ...modern, ciphers: ['aes-256-gcm'] } });
    expect(await logInModern(picky.port, new ModernClient(key.publicKey))).toBe('400 Bad Request');
  });

  test('shows the client that another server answers', async () => {
    const { port } = await startTestLogin({ modern });
    const client = new ModernClient(createServerKey().publicKey);
    await expect(logInModern(port, client)).rejects.toMatchObject({ code: 'ERR_LOGIN_SERVER' });
    expect(() => new ModernClient('short')).toThrow(expect.objectContaining({ code: 'ERR_ARGUMENT' }));
  });

  test('refuses keys that are none, or that would give everybody the secret', async () => {
    const { port } = await startTestLogin({ modern });
    for (const bytes of [Buffer.alloc(32), Buffer.alloc(31, 9), Buffer.alloc(33, 9), Buffer.alloc(0)]) {
      const greeting = (): string => `skynet-login/1 aes-256-gcm ${bytes.toString('base64')}`;
      expect(await logInModern(port, new ModernClient(key.publicKey), { greeting })).toBe('400 Bad Request');
    }
    for (const line of [
      'skynet-login/1 ',
      'skynet-login/1 rot13 AAAA',
      'skynet-login/1 aes-256-gcm AAAA x',
    ]) {
      expect(await logInModern(port, new ModernClient(key.publicKey), { greeting: () => line })).toBe(
        '400 Bad Request',
      );
    }
  });

  test('refuses a token that was changed on the way, and says so under the seal', async () => {
    const { port } = await startTestLogin({ modern });
    for (const at of [0, 20, 45]) {
      const token = (line: string): string => {
        const bytes = Buffer.from(line, 'base64');
        bytes[at] = (bytes[at] ?? 0) ^ 1;
        return bytes.toString('base64');
      };
      expect(await logInModern(port, new ModernClient(key.publicKey), { token })).toBe('401 Unauthorized');
    }
    expect(await logInModern(port, new ModernClient(key.publicKey), { token: () => '' })).toBe(
      '401 Unauthorized',
    );
  });

  test('notices when the greeting was changed on the way', async () => {
    const { port } = await startTestLogin({ modern });
    const client = new ModernClient(key.publicKey, 'aes-256-gcm');
    const greeting = (line: string): string => line.replace('aes-256-gcm', 'chacha20-poly1305');
    await expect(logInModern(port, client, { greeting })).rejects.toMatchObject({ code: 'ERR_LOGIN_SERVER' });
  });

  test("a client believes no status line but the server's", async () => {
    const client = new ModernClient(key.publicKey);
    client.greet('AAAAAAAAAAA=');
    expect(() => client.status('200 MQ==')).toThrow(expect.objectContaining({ code: 'ERR_LOGIN_SERVER' }));
  });

  test('lets nobody in whose greeting or token was spoiled, cut, repeated or made up, and goes on working', async () => {
    const { node, port, ask } = await startTestLogin({ modern, limits: { failuresPerMinute: 0 } });
    await fc.assert(
      fc.asyncProperty(
        fc.record({
          step: fc.constantFrom('greeting' as const, 'token' as const),
          how: fc.constantFrom('flip', 'cut', 'grow', 'insert', 'random'),
          at: fc.nat(200),
          bits: fc.integer({ min: 1, max: 127 }),
          random: fc.uint8Array({ maxLength: 120 }),
        }),
        async ({ step, how, at, bits, random }) => {
          const spoil = (line: string): string => {
            const i = at % line.length;
            if (how === 'cut') return line.slice(0, i);
            if (how === 'grow') return line + line.slice(i);
            if (how === 'insert') return `${line.slice(0, i)}${String.fromCharCode(bits)}${line.slice(i)}`;
            if (how === 'random') return Buffer.from(random).toString('base64');
            return `${line.slice(0, i)}${String.fromCharCode(line.charCodeAt(i) ^ bits)}${line.slice(i + 1)}`;
          };
          const socket = await connectLine(port);
          const client = new ModernClient(key.publicKey, 'aes-256-gcm');
          const greeting = client.greet((await socket.line()) ?? '');
          socket.send(step === 'greeting' ? spoil(greeting) : greeting);
          if (step === 'greeting') socket.socket.end();
          const answer = (await socket.line()) ?? '';
          // A greeting that is none any more is answered as one of the original's clients is, or not at all.
          if (step === 'greeting') {
            expect(answer).not.toMatch(/^200 /);
            return;
          }
          socket.send(spoil(client.token(answer, Buffer.from(tokenOf('hello')))));
          socket.socket.end();
          const [status] = await socket.rest();
          expect(status === undefined ? '' : client.status(status)).toMatch(/^(401 Unauthorized)?$/);
        },
      ),
      { numRuns: 100 },
    );
    while ((await ask<number>('count')) > 0) await new Promise(setImmediate);
    expect(await logInModern(port, new ModernClient(key.publicKey))).toMatch(/^200 /);
    expect(node.log.filter((line) => /TypeError|stack/.test(line))).toEqual([]);
  });
});

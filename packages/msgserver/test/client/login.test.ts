import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type SkynetConfig, startNode } from '@skynet/core';
import { base64encode, hexdecode } from '@skynet/core/crypt';
import { ws } from '@skynet/core/ws';
import { createServerKey, type LoginServerOptions } from '@skynet/loginserver';
import { classicSuite, login, modernSuite, webSocketDialer } from '@skynet/msgserver/client';
import { dialer } from '@skynet/msgserver/client/node';
import { describe, expect, onTestFinished, test } from 'vitest';
import { WebSocket } from 'ws';
import { freePort } from '../../../../test/free-port.ts';
import { scripted } from './streams.ts';

interface Row {
  readonly kind: 'computed' | 'live';
  readonly note?: string;
  readonly clientkey: string;
  readonly secret: string;
  readonly user: string;
  readonly server: string;
  readonly pass: string;
  readonly subid: string;
  readonly lines: Readonly<Record<'s1' | 'c1' | 's2' | 'c2' | 'c3' | 's3', string>>;
}

const { rows } = JSON.parse(
  readFileSync(new URL('../../../loginserver/test/vectors/login.json', import.meta.url), 'utf8'),
) as { rows: Row[] };
/** Conversations that an honest client has. */
const whole = rows.filter(
  ({ note = '', lines }) => lines.c3 !== undefined && !/shape|another key|blocks/.test(note),
);
const utf8 = (hex: string): string => Buffer.from(hex, 'hex').toString();

async function startLogin(options: Partial<LoginServerOptions> = {}, config: SkynetConfig = {}) {
  const node = await startNode(
    { harbor: 1, watchdog: false, services: ['./services/?'], ...config },
    { base: fileURLToPath(new URL('./fixtures', import.meta.url)), onLog: () => {} },
  );
  onTestFinished(() => node.stop());
  const handle = await node.newService('login', Buffer.from(JSON.stringify(options)).toString('hex'));
  const ask = <Result>(...message: unknown[]): Promise<Result> =>
    node.run((skynet) => skynet.call<Result>(handle, 'lua', ...message));
  return { url: await ask<string>('url'), secretOf: (uid: string) => ask<Uint8Array>('secret', uid) };
}

const hello = { user: 'hello', server: 'sample', password: 'password' };

describe('login, against recorded conversations', () => {
  test('there are such', () => expect(whole.length).toBeGreaterThan(15));

  test.each(whole.map((row, at) => [`${at} ${row.note ?? row.lines.s1}`, row] as const))(
    '%s',
    async (_, row) => {
      const { s1, c1, s2, c2, c3, s3 } = row.lines;
      const dial = scripted(async (server) => {
        server.send(`${s1}\n`);
        await server.until((written) => written === `${c1}\n`);
        server.send(`${s2}\n`);
        await server.until((written) => written === `${c1}\n${c2}\n${c3}\n`);
        server.send(`${s3}\n`);
      });
      const result = login({
        dial,
        user: utf8(row.user),
        server: utf8(row.server),
        password: utf8(row.pass),
        suite: classicSuite(() => hexdecode(row.clientkey)),
      });
      if (!s3.startsWith('200')) {
        await expect(result).rejects.toMatchObject({
          code: 'ERR_CLIENT_LOGIN',
          message: `login refused: ${s3}`,
          details: { status: Number(s3.slice(0, 3)) },
        });
        return;
      }
      expect(await result).toEqual({
        user: utf8(row.user),
        server: utf8(row.server),
        subid: Buffer.from(s3.slice(4), 'base64').toString(),
        secret: hexdecode(row.secret),
      });
    },
  );
});

describe('login, at a login server', () => {
  test('gives subid and secret', async () => {
    const { url, secretOf } = await startLogin();
    const result = await login({ dial: dialer(url), ...hello });
    expect(result).toMatchObject({ user: 'hello', server: 'sample', subid: '1' });
    expect(await secretOf('hello')).toEqual(result.secret);
    expect((await login({ dial: dialer(url), ...hello, user: 'nobody' })).subid).toBe('');
  });

  test('takes a token as it is', async () => {
    const { url } = await startLogin();
    const token = `${base64encode('用户')}@${base64encode('sample')}:${base64encode('password')}`;
    expect((await login({ dial: dialer(url), user: '用户', server: 'sample', token })).subid).toBe('1');
    const bytes = new TextEncoder().encode(token);
    expect((await login({ dial: dialer(url), user: '用户', server: 'sample', token: bytes })).subid).toBe(
      '2',
    );
  });

  test('tells the status when it is refused', async () => {
    const { url } = await startLogin();
    const refusal = (other: object) =>
      login({ dial: dialer(url), ...hello, ...other }).catch((error) => error);
    expect(await refusal({ password: 'wrong' })).toMatchObject({
      code: 'ERR_CLIENT_LOGIN',
      details: { status: 401 },
    });
    expect(await refusal({ server: 'other' })).toMatchObject({
      code: 'ERR_CLIENT_LOGIN',
      details: { status: 403 },
    });
    expect(await refusal({ suite: modernSuite(createServerKey().publicKey) })).toMatchObject({
      code: 'ERR_CLIENT_LOGIN',
      details: { status: 400 },
    });
  });

  test('speaks the handshake of today', async () => {
    const { privateKey, publicKey } = createServerKey();
    const { url, secretOf } = await startLogin({ modern: { privateKey }, classic: false });
    const suite = modernSuite(publicKey);
    const result = await login({ dial: dialer(url), ...hello, suite });
    expect(result.subid).toBe('1');
    expect(result.secret).toHaveLength(8);
    expect(await secretOf('hello')).toEqual(result.secret);
    const refused = login({ dial: dialer(url), ...hello, suite, password: 'wrong' });
    await expect(refused).rejects.toMatchObject({ code: 'ERR_CLIENT_LOGIN', details: { status: 401 } });
    await expect(login({ dial: dialer(url), ...hello })).rejects.toMatchObject({ details: { status: 400 } });
  });

  test('does not tell the token to a server that is not the pinned one', async () => {
    const { url } = await startLogin({ modern: { privateKey: createServerKey().privateKey } });
    const suite = modernSuite(createServerKey().publicKey);
    await expect(login({ dial: dialer(url), ...hello, suite })).rejects.toMatchObject({
      code: 'ERR_CLIENT_SERVER',
      message: 'the server has not shown that it owns the pinned key',
    });
    expect(() => modernSuite('short')).toThrow('32 bytes in base64');
  });

  test('works over WebSocket', async () => {
    const { url } = await startLogin({ url: 'ws://127.0.0.1:0' }, { transports: [ws()] });
    expect((await login({ dial: webSocketDialer(url, WebSocket), ...hello })).subid).toBe('1');
  });

  test('gives up in time, and when it is told to', async () => {
    const { url } = await startLogin();
    await expect(login({ dial: dialer(url), ...hello, user: 'slow', timeout: 50 })).rejects.toMatchObject({
      code: 'ERR_CLIENT_TIMEOUT',
      message: 'no login within 50 ms',
    });
    const controller = new AbortController();
    const attempt = login({ dial: dialer(url), ...hello, user: 'slow', signal: controller.signal });
    setImmediate(() => controller.abort(new Error('enough')));
    await expect(attempt).rejects.toMatchObject({ code: 'ERR_CLIENT_ABORTED', cause: new Error('enough') });
    const never = login({ dial: dialer(url), ...hello, signal: AbortSignal.abort() });
    await expect(never).rejects.toMatchObject({ code: 'ERR_CLIENT_ABORTED' });
  });
});

describe('login, at what is no login server', () => {
  test('tells that nobody listens', async () => {
    const port = await freePort();
    await expect(login({ dial: dialer(`127.0.0.1:${port}`), ...hello })).rejects.toMatchObject({
      code: 'ERR_CLIENT_CONNECT',
      message: 'no connection to the login server: Connection refused',
    });
    await expect(
      login({ dial: webSocketDialer(`ws://127.0.0.1:${port}`, WebSocket), ...hello }),
    ).rejects.toMatchObject({ code: 'ERR_CLIENT_CONNECT' });
  });

  test.each([
    ['hangs up', '', 'the login server hung up'],
    ['greets with something else', 'SSH-2.0-OpenSSH_9.2\n', /the server sent|not a challenge/],
    ['never ends its line', 'x'.repeat(10_000), 'the server sent more than 8192 bytes and no line'],
    ['has a key that is none', 'AQIDBAUGBwg=\nAAAAAAAAAAA=\n', /the server sent/],
    ['ends with no status', 'AQIDBAUGBwg=\ns2Ah2cTFGww=\nwelcome\n', 'not a status: "welcome"'],
    [
      'ends with nonsense',
      `AQIDBAUGBwg=\ns2Ah2cTFGww=\n\u001b[2Jhi\r${'x'.repeat(99)}\n`,
      `not a status: "\\u001b[2Jhi\\u000d${'x'.repeat(73)}"`,
    ],
    ['has a subid that is no base64', 'AQIDBAUGBwg=\ns2Ah2cTFGww=\n200 A\n', 'the subid is not base64'],
  ])('fails when it %s', async (_, text, message) => {
    const dial = scripted((server) => {
      server.send(text);
      server.hangUp();
    });
    await expect(login({ dial, ...hello })).rejects.toMatchObject({
      code: 'ERR_CLIENT_SERVER',
      message: typeof message === 'string' ? message : expect.stringMatching(message),
    });
  });

  test('shows of a refusal no more than a line', async () => {
    const dial = scripted((server) => server.send('AQIDBAUGBwg=\n401 No\r\u001b[31m\u0007\n'));
    await expect(login({ dial, ...hello })).rejects.toMatchObject({
      code: 'ERR_CLIENT_LOGIN',
      message: 'login refused: 401 No\\u000d\\u001b[31m\\u0007',
    });
  });

  test('needs a password or a token', async () => {
    const dial = scripted(() => {});
    await expect(login({ dial, user: 'hello', server: 'sample' })).rejects.toMatchObject({
      code: 'ERR_CLIENT_ARGUMENT',
    });
  });

  test.each([
    [{ pasword: 'x' }, 'pasword'],
    [{ host: '127.0.0.1' }, 'host'],
    [{ dial: '127.0.0.1:8001' }, 'dial'],
    [{ user: '' }, 'user'],
    [{ server: undefined }, 'server'],
    [{ token: {} }, 'token'],
    [{ suite: 'classic' }, 'suite'],
    [{ timeout: '5s' }, 'timeout'],
    [{ signal: true }, 'signal'],
  ])('refuses the options %j', async (other, key) => {
    const dial = scripted(() => {});
    await expect(login({ dial, ...hello, ...(other as object) })).rejects.toMatchObject({
      code: 'ERR_CLIENT_ARGUMENT',
      details: { key },
    });
    expect(dial.count).toBe(0);
    await expect(login(other as never)).rejects.toMatchObject({ code: 'ERR_CLIENT_ARGUMENT' });
  });
});

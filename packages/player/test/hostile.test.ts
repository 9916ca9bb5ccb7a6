import { connect, login, type MsgClient } from '@skynet/msgserver/client';
import { dialer } from '@skynet/msgserver/client/node';
import { describe, expect, onTestFinished, test } from 'vitest';
import { decodeBody, encodeRequest } from '../src/wire.ts';
import { enter, heard, startServer, type TestServer } from './harness.ts';

/** A client that sends whatever bytes it likes. */
async function enterRaw(server: TestServer, user: string): Promise<MsgClient> {
  const ticket = await login({
    dial: dialer(`127.0.0.1:${server.loginPort}`),
    server: 'game',
    user,
    password: 'password',
  });
  const client = await connect({ ...ticket, dial: dialer(`127.0.0.1:${server.gamePort}`) });
  onTestFinished(() => client.close());
  return client;
}

const codeOf = async (client: MsgClient, body: Uint8Array): Promise<unknown> =>
  decodeBody(await client.request(body))?.[0];

describe('a client that sends', () => {
  test('what is no request is told so, and can go on', async () => {
    const server = await startServer();
    const client = await enterRaw(server, 'anna');
    const bodies = ['', 'f6', '80', '8101', '83616161626163', '9affffffff', '81c100', 'ff', 'a0', '82f661'];
    for (const body of bodies)
      expect(await codeOf(client, Buffer.from(body, 'hex')), body).toBe('ERR_PLAYER_MALFORMED');
    expect(await codeOf(client, Buffer.alloc(65_000, 0x81))).toBe('ERR_PLAYER_MALFORMED');
    expect(decodeBody(await client.request(encodeRequest('whoami', undefined)))).toEqual(['anna']);
  });

  test.each([
    ['buy', { item: 5 }, 'ERR_PLAYER_INPUT'],
    ['buy', undefined, 'ERR_PLAYER_INPUT'],
    ['buy', { item: 'x', count: 0 }, 'ERR_PLAYER_INPUT'],
    ['buy', { item: 'x', price: 0 }, 'ERR_PLAYER_INPUT'],
    ['whoami', 'anna', 'ERR_PLAYER_INPUT'],
    ['sum', [1, 2, 'x'], 'ERR_PLAYER_INPUT'],
    ['whoam', undefined, 'ERR_PLAYER_UNKNOWN'],
    ['toString', undefined, 'ERR_PLAYER_UNKNOWN'],
    ['__proto__', undefined, 'ERR_PLAYER_UNKNOWN'],
    ['constructor', undefined, 'ERR_PLAYER_UNKNOWN'],
    ['', undefined, 'ERR_PLAYER_UNKNOWN'],
    ['x'.repeat(60_000), undefined, 'ERR_PLAYER_UNKNOWN'],
  ])('%#: a wrong name or input gets a code', async (name, input, code) => {
    const server = await startServer();
    const client = await enterRaw(server, 'anna');
    expect(await codeOf(client, encodeRequest(name, input))).toBe(code);
    expect(server.node.log.join('\n')).not.toContain('x'.repeat(200));
  });

  test('is told where its input is wrong, and what was perhaps meant', async () => {
    const server = await startServer();
    const anna = await enter(server, 'anna');
    await expect(anna.request.buy({ item: 5 } as never)).rejects.toMatchObject({
      code: 'ERR_PLAYER_INPUT',
      message: 'input item must be text of 1 to 20 characters, not a number',
      details: { issues: [{ path: 'item', message: 'must be text of 1 to 20 characters, not a number' }] },
    });
    // @ts-expect-error: misspelt
    await expect(anna.request.whoam()).rejects.toMatchObject({
      code: 'ERR_PLAYER_UNKNOWN',
      details: { meant: 'whoami' },
    });
  });

  test('far too much is slowed down, then thrown out; others go on', async () => {
    const server = await startServer();
    const bert = await enter(server, 'bert');
    const anna = await enter(server, 'anna', { queue: 10_000 });
    const codes = new Set<unknown>();
    const asks = Array.from({ length: 2000 }, () =>
      anna.request.whoami().catch((error: { code: string }) => codes.add(error.code)),
    );
    expect(await heard(anna, 'kicked')).toEqual(['kicked', { reason: 'flood', text: 'too many requests' }]);
    await Promise.all(asks);
    expect(codes).toContain('ERR_PLAYER_FLOOD');
    expect(await bert.request.whoami()).toBe('bert');
  });

  test('too large requests, and asks for too large answers and pushes, gets codes', async () => {
    const server = await startServer();
    const anna = await enter(server, 'anna');
    await expect(anna.request.mirror('x'.repeat(65_530))).rejects.toMatchObject({
      code: 'ERR_PLAYER_TOO_LARGE',
    });
    expect(await anna.request.mirror('x'.repeat(65_510))).toHaveLength(65_510);
    await expect(anna.request.large(65_530)).rejects.toMatchObject({
      code: 'ERR_PLAYER_TOO_LARGE',
      details: { limit: 65_530 },
    });
    await expect(anna.request.pushLarge(70_000)).rejects.toMatchObject({ code: 'ERR_PLAYER_TOO_LARGE' });
    await server.node.logged(/request "pushLarge" of player "anna"/);
    expect(await anna.request.whoami()).toBe('anna');
  });

  test('half a login, or nothing, costs nothing', async () => {
    const server = await startServer();
    const { connect: dial } = await import('node:net');
    for (const port of [server.loginPort, server.gamePort]) {
      const socket = dial(port, '127.0.0.1');
      onTestFinished(() => void socket.destroy());
      socket.on('error', () => {});
      socket.write('YWJj');
    }
    // Logged in, and never comes.
    await login({
      dial: dialer(`127.0.0.1:${server.loginPort}`),
      server: 'game',
      user: 'ghost',
      password: 'password',
    });
    await expect(
      login({
        dial: dialer(`127.0.0.1:${server.loginPort}`),
        server: 'game',
        user: 'anna',
        password: 'wrong',
      }),
    ).rejects.toMatchObject({ code: 'ERR_CLIENT_LOGIN' });
    const anna = await enter(server, 'anna');
    expect(await anna.request.whoami()).toBe('anna');
    const players = await server.call<{ uid: string; online: boolean }[]>('players');
    expect(players).toMatchObject([
      { uid: 'ghost', online: false },
      { uid: 'anna', online: true },
    ]);
  });
});

describe('a handler that fails', () => {
  test('tells the client no more than that; the log has the rest', async () => {
    const server = await startServer();
    const anna = await enter(server, 'anna');
    for (const name of ['breaks', 'waitBreaks', 'date', 'nonsense'] as const) {
      await expect(anna.request[name](), name).rejects.toMatchObject({
        code: 'ERR_PLAYER_FAILED',
        message: 'the server failed to answer the request',
        details: undefined,
      });
    }
    await server.node.logged(/request "breaks" of player "anna".*the secret of the house/s);
    expect(await anna.request.whoami()).toBe('anna');
  });

  test('with a code that the player declares tells code, text and details', async () => {
    const server = await startServer();
    const anna = await enter(server, 'anna');
    const error: unknown = await anna.request
      .buy({ item: 'castle', count: 99 })
      .catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'NO_GOLD', message: 'not enough gold', details: { gold: 10 } });
    expect(anna.refused(error, 'NO_GOLD')).toBe(true);
    expect(anna.refused(error, 'ROOM_SAYS_NO')).toBe(false);
    expect(server.node.log.join('\n')).not.toContain('NO_GOLD');
  });
});

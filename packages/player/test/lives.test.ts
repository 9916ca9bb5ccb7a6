import { describe, expect, test } from 'vitest';
import { freePorts } from '../../../test/free-port.ts';
import { enter, heard, startServer } from './harness.ts';

/** Ports for a server that is started anew. */
async function twoPorts(): Promise<[login: number, game: number]> {
  const [login = 0, game = 0] = await freePorts(2);
  return [login, game];
}

describe('a second login', () => {
  test('gets the same player; the first client is told why it is over', async () => {
    const server = await startServer();
    const first = await enter(server, 'anna');
    await first.request.add(5);
    const second = await enter(server, 'anna');
    expect(await heard(first, 'kicked')).toEqual([
      'kicked',
      { reason: 'elsewhere', text: 'you have logged in somewhere else' },
    ]);
    expect(first.state).toBe('closed');
    await expect(first.request.whoami()).rejects.toMatchObject({
      code: 'ERR_PLAYER_KICKED',
      details: { reason: 'elsewhere' },
    });
    expect(await second.request.add(1)).toBe(6);
    expect(await second.request.status()).toMatchObject({ logins: 2, online: true });
    expect(await server.call('players')).toHaveLength(1);
  });

  test('tells a client that is away when it comes back, and the two do not fight', async () => {
    const server = await startServer();
    let isAway = false;
    const { connect, login } = await import('@skynet/msgserver/client');
    const { dialer } = await import('@skynet/msgserver/client/node');
    const dial = dialer(`127.0.0.1:${server.gamePort}`);
    const logins = { count: 0 };
    const first = await enter(server, 'anna', {
      login: (signal) => {
        logins.count++;
        return login({
          dial: dialer(`127.0.0.1:${server.loginPort}`),
          server: 'game',
          user: 'anna',
          password: 'password',
          signal,
        });
      },
      connect: (options) =>
        connect({
          ...options,
          dial: (signal) => (isAway ? Promise.reject(new Error('no network')) : dial(signal)),
          backoff: { first: 5, max: 10 },
        }),
    });
    isAway = true;
    first.drop();
    await heard(first, 'lost');
    const second = await enter(server, 'anna');
    isAway = false;
    expect(await heard(first, 'kicked')).toMatchObject(['kicked', { reason: 'elsewhere' }]);
    expect(logins.count).toBe(1);
    expect(await second.request.whoami()).toBe('anna');
  });
});

describe('a lost connection', () => {
  test('loses no request and no push, and does none twice', async () => {
    const server = await startServer();
    const anna = await enter(server, 'anna');
    const sums: Promise<number>[] = [];
    for (let i = 0; i < 50; i++) {
      sums.push(anna.request.add(1));
      if (i % 10 === 5) anna.drop();
    }
    expect((await Promise.all(sums)).sort((a, b) => a - b)).toEqual(
      Array.from({ length: 50 }, (_, i) => i + 1),
    );
    const pushes = anna.request.pushMany(100);
    anna.drop();
    await pushes;
    await heard(anna, 'tick', (number) => number === 100);
    expect(anna.told.all.filter(([name]) => name === 'tick').map(([, number]) => number)).toEqual(
      Array.from({ length: 100 }, (_, i) => i + 1),
    );
    expect(anna.told.all.some(([name]) => name === 'missed')).toBe(false);
  });

  test('is told to player and client', async () => {
    const server = await startServer();
    const anna = await enter(server, 'anna');
    await heard(anna, 'connected');
    anna.drop();
    await heard(anna, 'lost');
    expect(anna.state).toBe('lost');
    expect(await heard(anna, 'resumed')).toEqual(['resumed', { fresh: false }]);
    await server.node.logged('anna is online');
    anna.close();
    await server.node.logged('anna is away');
  });

  test('beyond the linger time ends the player; the client that comes back logs in anew', async () => {
    const server = await startServer({}, { linger: '2s' });
    const { connect } = await import('@skynet/msgserver/client');
    const { dialer } = await import('@skynet/msgserver/client/node');
    const dial = dialer(`127.0.0.1:${server.gamePort}`);
    let isAway = false;
    const anna = await enter(server, 'anna', {
      connect: (options) =>
        connect({
          ...options,
          dial: (signal) => (isAway ? Promise.reject(new Error('no network')) : dial(signal)),
          backoff: { first: 5, max: 10 },
        }),
    });
    await anna.request.add(7);
    isAway = true;
    anna.drop();
    const queued = anna.request.add(1);
    await server.node.logged('anna ends: away');
    isAway = false;
    expect(await heard(anna, 'resumed')).toEqual(['resumed', { fresh: true }]);
    // It waited, so it is sent: to a player who knows nothing of the former one.
    expect(await queued).toBe(1);
  });
});

describe('a login ends', () => {
  test('by the player itself: logout, kick', async () => {
    const server = await startServer();
    const anna = await enter(server, 'anna');
    await anna.request.logout();
    expect(await heard(anna, 'kicked')).toEqual([
      'kicked',
      { reason: 'logout', text: 'you have logged out' },
    ]);
    await server.node.logged('anna ends: logout');
    const bert = await enter(server, 'bert');
    await bert.request.throwMeOut('no cheating');
    expect(await heard(bert, 'kicked')).toEqual(['kicked', { reason: 'kicked', text: 'no cheating' }]);
    await server.node.logged('bert ends: kicked');
    expect(await server.call('players')).toEqual([]);
  });

  test('by an operator', async () => {
    const server = await startServer();
    const anna = await enter(server, 'anna');
    expect(await server.call('expel', 'anna', 'pause')).toBe(true);
    expect(await server.call('expel', 'anna')).toBe(false);
    expect(await heard(anna, 'kicked')).toEqual(['kicked', { reason: 'kicked', text: 'pause' }]);
  });

  test('by the end of its service: one that exits is over, one that is killed is had anew', async () => {
    const server = await startServer();
    const anna = await enter(server, 'anna');
    const answer = anna.request.exit();
    expect(await heard(anna, 'kicked')).toMatchObject(['kicked', { reason: 'logout' }]);
    await expect(answer).rejects.toMatchObject({
      code: expect.stringMatching(/^ERR_PLAYER_(KICKED|FAILED)$/),
    });
    const bert = await enter(server, 'bert');
    await bert.request.add(5);
    const [{ handle } = { handle: 0 }] = await server.call<{ handle: number }[]>('players');
    await server.node.run((skynet) => skynet.kill(handle));
    expect(await heard(bert, 'resumed')).toEqual(['resumed', { fresh: true }]);
    expect(await bert.request.add(1)).toBe(1);
  });

  test('and the next one waits until the player has put away what it has', async () => {
    const server = await startServer();
    const anna = await enter(server, 'anna');
    await anna.request.logout();
    const again = await enter(server, 'anna');
    expect(await again.request.status()).toMatchObject({ logins: 1 });
    const log = server.node.log.filter((line) => /anna (ends|is online)/.test(line));
    expect(log.map((line) => line.replace(/^\[\S+\] /, ''))).toEqual([
      'anna is online',
      'anna ends: logout',
      'anna is online',
    ]);
  });
});

describe('a server that closes', () => {
  test('tells its clients to come back, and the next one has them', async () => {
    const ports = await twoPorts();
    const server = await startServer({}, { ports });
    const anna = await enter(server, 'anna');
    expect(await anna.request.add(3)).toBe(3);
    expect(await server.call('drain', { after: '20ms', text: 'an update' })).toBe(1);
    await server.node.logged('anna ends: closing');
    expect(await heard(anna, 'lost')).toMatchObject(['lost', { error: { message: 'an update' } }]);
    const queued = anna.request.add(1);
    await server.node.stop();
    await startServer({}, { ports });
    expect(await heard(anna, 'resumed')).toEqual(['resumed', { fresh: true }]);
    expect(await queued).toBe(1);
    expect(anna.told.all.map(([name]) => name)).not.toContain('kicked');
  });

  test('without a word does the same when its node stops', async () => {
    const ports = await twoPorts();
    const server = await startServer({}, { ports });
    const anna = await enter(server, 'anna');
    await server.node.stop();
    expect(server.node.log.join('\n')).toContain('anna ends: closing');
    await heard(anna, 'lost');
    await startServer({}, { ports });
    expect(await heard(anna, 'resumed')).toEqual(['resumed', { fresh: true }]);
  });
});

describe('a client', () => {
  test('refuses what cannot be used, and may be given up', async () => {
    const server = await startServer();
    const { connectPlayer } = await import('@skynet/player/client');
    await expect(connectPlayer({} as never)).rejects.toMatchObject({ code: 'ERR_PLAYER_ARGUMENT' });
    await expect(enter(server, 'anna', { queu: 5 } as never)).rejects.toMatchObject({
      code: 'ERR_PLAYER_ARGUMENT',
      details: { key: 'queu', meant: 'queue' },
    });
    const controller = new AbortController();
    controller.abort();
    await expect(enter(server, 'anna', { signal: controller.signal })).rejects.toMatchObject({
      code: 'ERR_PLAYER_ABORTED',
    });
  });

  test('queues while it is away, up to a limit, and gives up in time', async () => {
    const server = await startServer();
    const { connect } = await import('@skynet/msgserver/client');
    const { dialer } = await import('@skynet/msgserver/client/node');
    const dial = dialer(`127.0.0.1:${server.gamePort}`);
    let isAway = false;
    const anna = await enter(server, 'anna', {
      queue: 3,
      connect: (options) =>
        connect({
          ...options,
          dial: (signal) => (isAway ? Promise.reject(new Error('no network')) : dial(signal)),
          backoff: { first: 5, max: 10 },
        }),
    });
    isAway = true;
    anna.drop();
    const kept = anna.request.whoami();
    const late = anna.request.whoami(undefined, { timeout: 10 });
    const controller = new AbortController();
    const aborted = anna.request.whoami(undefined, { signal: controller.signal });
    await expect(anna.request.whoami()).rejects.toMatchObject({
      code: 'ERR_PLAYER_BUSY',
      details: { limit: 3 },
    });
    controller.abort();
    await expect(aborted).rejects.toMatchObject({ code: 'ERR_PLAYER_ABORTED' });
    await expect(late).rejects.toMatchObject({ code: 'ERR_PLAYER_TIMEOUT' });
    expect(anna.pending).toBe(1);
    isAway = false;
    expect(await kept).toBe('anna');
    const never = anna.request.slow('x', { timeout: 1 });
    await expect(never).rejects.toMatchObject({ code: 'ERR_PLAYER_TIMEOUT' });
    await expect(anna.request.whoami(undefined, { timout: 5 } as never)).rejects.toMatchObject({
      code: 'ERR_PLAYER_ARGUMENT',
    });
    await expect(anna.request.mirror(() => 1)).rejects.toMatchObject({ code: 'ERR_PLAYER_ARGUMENT' });
    const open = anna.request.slow('x');
    anna.close();
    await expect(open).rejects.toMatchObject({ code: 'ERR_PLAYER_CLOSED' });
    await expect(anna.request.whoami()).rejects.toMatchObject({ code: 'ERR_PLAYER_CLOSED' });
  });
});

import { defineService, type Handle, isSkynetError, type Skynet } from '@skynet/core';
import { adopt } from '@skynet/core/adopt';
import { Happenings, startTestNode, until } from '@skynet/core/testing';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { type RedisServer, redisMissing, startRedis } from '../../../test/redis.ts';

// A library in a service without a package of ours: ioredis as it is, on a real server.

const why = redisMissing === undefined ? '' : ` (left out: ${redisMissing})`;
const onServer = test.skipIf(redisMissing !== undefined);

let server: RedisServer;
beforeAll(async () => {
  if (redisMissing === undefined) server = await startRedis();
});
afterAll(() => server?.stop());

/** A client as an application adopts one. */
function adoptClient(skynet: Skynet): Redis {
  return adopt(skynet, new Redis(server.port, '127.0.0.1'), { close: (client) => client.quit() });
}

/** Resolves when the server counts so many clients. */
function clients(wanted: number): Promise<void> {
  const what = (): string => `there are ${wanted} clients; the server has ${server.clients()}`;
  return until(() => server.clients() === wanted, { what });
}

onServer(`an adopted ioredis works in the turns of its service, and ends with it${why}`, async () => {
  const node = await startTestNode({}, { after: onTestFinished });
  const before = server.clients();
  const store = defineService((skynet) => {
    const redis = adoptClient(skynet);
    return {
      async both(key: string) {
        const me = skynet.running();
        await redis.set(key, 'one');
        const [got, length] = await Promise.all([redis.get(key), redis.strlen(key)]);
        // What it chains is adopted as well.
        const piped = await redis.pipeline().append(key, '!').get(key).exec();
        return { got, length, piped, same: skynet.running() === me };
      },
      bad: (key: string) => redis.lpush(key, 'x'),
      never: () => redis.blpop('nothing', 0),
    };
  });
  const handle: Handle = await node.newService(store);
  await node.run(async (skynet) => {
    expect(await skynet.call(handle, 'lua', 'both', 'hero')).toEqual({
      got: 'one',
      length: 3,
      piped: [
        [null, 4],
        [null, 'one!'],
      ],
      same: true,
    });
    const error: unknown = await skynet.call(handle, 'lua', 'bad', 'hero').catch((thrown: unknown) => thrown);
    expect(isSkynetError(error, 'ERR_LIBRARY')).toBe(true);
    expect(String((error as Error).message)).toContain('WRONGTYPE');
    const waiting = skynet.call(handle, 'lua', 'both', 'other').catch((thrown: unknown) => thrown);
    skynet.kill(handle);
    expect(isSkynetError(await waiting, 'ERR_SERVICE_GONE')).toBe(true);
    await skynet.await(clients(before));
  });
});

onServer(`listeners run in the turn; what they throw is logged in the service's name${why}`, async () => {
  const node = await startTestNode({}, { after: onTestFinished });
  const heard = new Happenings<string>('messages');
  const listener = defineService(async (skynet) => {
    const redis = adoptClient(skynet);
    redis.on('message', async (channel: string, text: string) => {
      const me = skynet.running();
      await skynet.sleep('1ms');
      if (text === 'bad') throw new Error('cannot hear');
      heard.add(`${channel} ${text} ${skynet.running() === me}`);
    });
    await redis.subscribe('news');
  });
  await node.newService(listener);
  server.cli('publish', 'news', 'bad');
  server.cli('publish', 'news', 'good');
  expect(await heard.count(1)).toEqual(['news good true']);
  await node.logged('cannot hear');
});

onServer(`a server that goes away is told of in the log, and the client connects anew${why}`, async () => {
  const node = await startTestNode({}, { after: onTestFinished });
  await node.run(async (skynet) => {
    const redis = adoptClient(skynet);
    await redis.set('key', 'before');
    await skynet.await(server.kill());
    await skynet.await(node.logged('ECONNREFUSED'));
    await skynet.await(server.start());
    expect(await redis.get('key')).toBe(null);
  });
});

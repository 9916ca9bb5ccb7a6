import { isSkynetError } from '@skynet/core';
import { startTestNode, type TestNode } from '@skynet/core/testing';
import { connect, watch } from '@skynet/redis';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type RedisServer, redisMissing, startRedis } from '../../../test/redis.ts';

const why = redisMissing === undefined ? '' : ` (left out: ${redisMissing})`;

describe.skipIf(redisMissing !== undefined)(`messages of Redis${why}`, () => {
  let server: RedisServer;
  let node: TestNode;

  beforeAll(async () => {
    server = await startRedis();
    node = await startTestNode();
  });
  afterAll(async () => {
    await node?.stop();
    await server?.stop();
  });

  test('channels and patterns, until they are given up', async () => {
    const seen = await node.run(async (skynet) => {
      const db = await connect(skynet, { port: server.port });
      const news = await watch(skynet, { port: server.port });
      await news.subscribe('one', 'two');
      await news.psubscribe('n.*');
      const heard = [
        await db.publish('one', 'a'),
        await db.publish('n.x', 'b'),
        await db.publish('nobody', 'c'),
        await db.publish('two', 'd'),
      ];
      const messages = [await news.message(), await news.message(), await news.message()];
      await news.unsubscribe('one');
      await news.punsubscribe();
      return [heard, messages, await db.publish('one', 'x'), await db.publish('n.y', 'x')];
    });
    expect(seen).toEqual([
      [1, 1, 0, 1],
      [
        ['a', 'one'],
        ['b', 'n.x', 'n.*'],
        ['d', 'two'],
      ],
      0,
      0,
    ]);
  });

  test('bytes; a loop over messages; a deadline; the end', async () => {
    const seen = await node.run(async (skynet) => {
      const db = await connect(skynet, { port: server.port });
      const news = await watch(skynet, { port: server.port, replies: 'bytes' });
      await news.subscribe('c');
      const code = await news.message({ timeout: '20ms' }).catch((error) => error.code);
      for (const byte of [1, 2, 255]) await db.publish('c', Buffer.from([byte]));
      const data: Buffer[] = [];
      for await (const [bytes] of news) if (data.push(bytes) === 3) break;
      const waiting = news.message().catch((error) => isSkynetError(error) && error.code);
      news.disconnect();
      return [code, data, await waiting, await news.subscribe('x').catch((error) => error.code)];
    });
    expect(seen).toEqual([
      'ERR_TIMEOUT',
      [Buffer.from([1]), Buffer.from([2]), Buffer.from([255])],
      'ERR_REDIS_CLOSED',
      'ERR_REDIS_CLOSED',
    ]);
  });

  test('subscriptions are made again after a reconnect', async () => {
    const seen = await node.run(async (skynet) => {
      const news = await watch(skynet, { port: server.port });
      await news.subscribe('c');
      await news.psubscribe('p*');
      server.cli('client', 'kill', 'type', 'pubsub');
      const db = await connect(skynet, { port: server.port });
      while (
        ((await db.command('pubsub', 'numpat')) as number) === 0 ||
        (await db.publish('c', 'again')) === 0
      )
        await skynet.yield();
      return news.message();
    });
    expect(seen).toEqual(['again', 'c']);
  });

  test('who reads too little holds the server back, and loses nothing', async () => {
    const seen = await node.run(async (skynet) => {
      const db = await connect(skynet, { port: server.port });
      const news = await watch(skynet, { port: server.port, maxMessages: 10 });
      await news.subscribe('c');
      await Promise.all(Array.from({ length: 2000 }, (_, i) => db.publish('c', String(i))));
      const got: string[] = [];
      for (let i = 0; i < 2000; i++) got.push((await news.message())[0]);
      return got;
    });
    expect(seen).toEqual(Array.from({ length: 2000 }, (_, i) => String(i)));
  });
});

import { defineService, type Handle, type Skynet } from '@skynet/core';
import { type Channel, type ChannelId, createMulticast } from '@skynet/core/multicast';
import { startTestNode } from '@skynet/core/testing';
import { describe, expect, onTestFinished, test } from 'vitest';

/** Runs work in a node of one thread. */
const inNode = (work: (skynet: Skynet) => Promise<unknown>) => async (): Promise<void> => {
  const node = await startTestNode({}, { after: onTestFinished });
  await node.run(work);
};

/** A service that subscribes to a channel and tells what has come. */
const subscriber = (received: unknown[][]) =>
  defineService(async (skynet, id = '') => {
    const channel = createMulticast(skynet).bind(Number(id), {
      dispatch: (from, source, ...values) => void received.push([String(from), source, ...values]),
    });
    await channel.subscribe();
    return {
      unsubscribe: () => channel.unsubscribe(),
      ping: () => received.length,
    };
  });

describe('a channel', () => {
  test(
    'refuses options that it does not know',
    inNode(async (skynet) => {
      const multicast = createMulticast(skynet);
      const wrong = { dispach: () => {} } as never;
      expect(() => multicast.bind(1, wrong)).toThrow('perhaps dispatch is meant');
      await expect(multicast.new(wrong)).rejects.toThrow('perhaps dispatch is meant');
    }),
  );

  test(
    'brings values of every kind to all subscribers, to each its own',
    inNode(async (skynet) => {
      const multicast = createMulticast(skynet);
      const channel = await multicast.new();
      expect([channel.channel, String(channel)]).toEqual([1, '[Multicast:1]']);
      const got: unknown[][][] = [[], []];
      const services: Handle[] = [];
      for (const received of got)
        services.push(await skynet.newService(subscriber(received), channel.channel));
      const object = { a: [1], b: undefined };
      const values = [1, 'two', object, undefined, 2n ** 70n, new Uint8Array([255]), new Map([[1, 'x']])];
      await channel.publish(...values);
      await channel.publish();
      for (const service of services) await skynet.call(service, 'lua', 'ping');
      for (const received of got)
        expect(received).toEqual([
          ['[Multicast:1]', skynet.self(), ...values],
          ['[Multicast:1]', skynet.self()],
        ]);
      const [first, second] = got.map((received) => received[0]?.[4]);
      expect(first).not.toBe(second);
      expect(first).not.toBe(object);
    }),
  );

  test(
    'receives what it publishes itself, and nothing before it subscribes or after it has unsubscribed',
    inNode(async (skynet) => {
      const multicast = createMulticast(skynet);
      const got: unknown[] = [];
      const channel = await multicast.new<[number]>({ dispatch: (_channel, _source, n) => got.push(n) });
      await channel.publish(1);
      await channel.subscribe();
      await channel.subscribe();
      await channel.publish(2);
      await skynet.yield();
      expect(got).toEqual([2]);
      const publishing = channel.publish(3);
      // It will come, and nobody is there for it.
      channel.unsubscribe();
      channel.unsubscribe();
      await publishing;
      await channel.publish(4);
      await skynet.yield();
      expect(got).toEqual([2]);
      await channel.subscribe();
      await channel.publish(5);
      await skynet.yield();
      expect(got).toEqual([2, 5]);
    }),
  );

  test(
    'belongs to the object of a service that subscribed last',
    inNode(async (skynet) => {
      const multicast = createMulticast(skynet);
      const got: string[] = [];
      const first = await multicast.new({ dispatch: () => got.push('first') });
      const second = multicast.bind(first.channel, { dispatch: () => got.push('second') });
      await first.subscribe();
      await second.subscribe();
      await first.publish();
      await skynet.yield();
      first.unsubscribe();
      await first.publish();
      await skynet.yield();
      expect(got).toEqual(['second', 'second']);
    }),
  );

  test(
    'that is deleted is silent',
    inNode(async (skynet) => {
      const multicast = createMulticast(skynet);
      const got: unknown[] = [];
      const channel = await multicast.new<unknown[]>({ dispatch: () => got.push('channel') });
      await channel.subscribe();
      const other = multicast.bind(channel.channel, { dispatch: () => got.push('other') });
      channel.delete();
      channel.delete();
      await other.publish(1);
      await other.subscribe();
      await other.publish(2);
      await skynet.yield();
      expect(got).toEqual([]);
      await expect(channel.publish(1)).rejects.toMatchObject({ code: 'ERR_MULTICAST_DELETED' });
      await expect(channel.subscribe()).rejects.toMatchObject({ code: 'ERR_MULTICAST_DELETED' });
      other.delete();
      // Its number is not used again.
      expect((await multicast.new()).channel).toBe(0x101);
    }),
  );

  test(
    'outlives its subscribers and who has made it',
    inNode(async (skynet) => {
      const received: unknown[][] = [];
      const maker = await skynet.newService(
        defineService(async (other) => {
          const channel = await createMulticast(other).new();
          return { id: () => channel.channel };
        }),
      );
      const id = await skynet.call<number>(maker, 'lua', 'id');
      const services = [];
      for (let i = 0; i < 3; i++) services.push(await skynet.newService(subscriber(received), id));
      skynet.kill(maker);
      skynet.kill(services[0] as Handle);
      const channel = createMulticast(skynet).bind(id);
      await channel.publish('a');
      for (const service of services.slice(1)) await skynet.call(service, 'lua', 'ping');
      expect(received).toHaveLength(2);
    }),
  );

  test('whose handler fails goes on, and the log tells of it', async () => {
    const node = await startTestNode({}, { after: onTestFinished });
    await node.run(async (skynet) => {
      const got: unknown[] = [];
      const channel = await createMulticast(skynet).new({
        dispatch: (_channel, _source, n) => {
          if (n === 1) throw new Error('not this one');
          got.push(n);
        },
      });
      await channel.subscribe();
      await channel.publish(1);
      await channel.publish(2);
      await skynet.yield();
      expect(got).toEqual([2]);
    });
    await node.logged(/not this one/);
  });

  test(
    'packs and unpacks as it is told',
    inNode(async (skynet) => {
      const multicast = createMulticast(skynet);
      const got: unknown[] = [];
      const channel: Channel<[string]> = await multicast.new<[string]>({
        dispatch: (_channel, _source, text) => got.push(text),
        pack: (text) => Buffer.from(text.toUpperCase()),
        unpack: (bytes) => [Buffer.from(bytes).toString()],
      });
      await channel.subscribe();
      await channel.publish('hello');
      await skynet.yield();
      expect(got).toEqual(['HELLO']);
    }),
  );

  test(
    'refuses what no message can hold, and bad arguments',
    inNode(async (skynet) => {
      const multicast = createMulticast(skynet);
      const channel = await multicast.new();
      await expect(channel.publish(() => {})).rejects.toMatchObject({ code: 'ERR_UNSERIALIZABLE' });
      for (const id of [0, -1, 1.5, 2 ** 32, 'x', undefined])
        expect(() => multicast.bind(id as number)).toThrow(expect.objectContaining({ code: 'ERR_ARGUMENT' }));
      expect(() => multicast.bind(1, { dispatch: 5 as never })).toThrow(
        expect.objectContaining({ code: 'ERR_ARGUMENT' }),
      );
    }),
  );

  test(
    'knows the types of what is published',
    inNode(async (skynet) => {
      const multicast = createMulticast(skynet);
      const scores = await multicast.new<[player: string, score: number]>();
      const id: ChannelId<[player: string, score: number]> = scores.channel;
      const bound = multicast.bind(id, {
        dispatch: (_channel, _source, player, score) => `${player.toUpperCase()} ${score.toFixed()}`,
      });
      await bound.publish('x', 1);
      // @ts-expect-error: the score is missing
      await bound.publish('x');
      // @ts-expect-error: a score is a number
      await scores.publish('x', 'y');
    }),
  );

  test(
    'started by many at once is one service',
    inNode(async (skynet) => {
      const ids = await Promise.all(
        Array.from({ length: 5 }, async () => (await createMulticast(skynet).new()).channel),
      );
      expect(new Set(ids).size).toBe(5);
    }),
  );
});

test('100,000 subscribers of one channel get each message once, and cost little', async () => {
  const count = 100_000;
  const node = await startTestNode({}, { after: onTestFinished });
  await node.run(async (skynet) => {
    let received = 0;
    const multicast = createMulticast(skynet);
    const channel = await multicast.new();
    const one = defineService(async (service, id = '') => {
      await createMulticast(service)
        .bind(Number(id), { dispatch: () => void received++ })
        .subscribe();
    });
    for (let started = 0; started < count; started += 1000)
      await Promise.all(Array.from({ length: 1000 }, () => skynet.newService(one, channel.channel)));
    await channel.publish('to all');
    while (received < count) await skynet.yield();
    expect(received).toBe(count);
  });
});

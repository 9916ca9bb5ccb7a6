import { defineService, packSeri } from '@skynet/core';
import { type Channel, createMulticast } from '@skynet/core/multicast';
import { createHarbor } from '@skynet/harbor';
import {
  type Command,
  Count,
  commonCommands,
  numberOf,
  readExactly,
  serve,
  textOf,
} from '../../reference/service.ts';
import { describe } from '../../reference/values.ts';

/** The reference service of a node in a harbor network. */
export default defineService((skynet) => {
  const harbor = createHarbor(skynet);

  /** As the library does, but how many values came is kept. */
  const datacenter =
    (command: string): Command =>
    async (_request, ...args) =>
      readExactly(await skynet.rawCall('DATACENTER', 'lua', packSeri([command, ...args])));

  const multicast = createMulticast(skynet);
  const channels = new Map<number, Channel<[unknown]>>();
  /** What came on a channel. */
  const got = new Map<number, { count: Count; last: unknown }>();
  const forget = (id: number): void => void got.set(id, { count: new Count(), last: undefined });

  const channelOf = (given: unknown): Channel<[unknown]> => {
    const id = numberOf(given);
    let channel = channels.get(id);
    if (channel === undefined) {
      forget(id);
      channel = multicast.bind<[unknown]>(id, {
        pack: (value) => packSeri([value]),
        unpack: (bytes) => readExactly(bytes) as [unknown],
        dispatch: (_channel, _source, value) => {
          const received = got.get(id);
          received?.count.add(value);
          if (received !== undefined) received.last = value;
        },
      });
      channels.set(id, channel);
    }
    return channel;
  };

  serve(skynet, {
    ...commonCommands(skynet, () => skynet.newService('refecho')),
    globalname: (_request, name) => {
      harbor.globalName(textOf(name));
      return [true];
    },
    queryname: async (_request, name) => [await harbor.queryName(textOf(name))],
    connect: async (_request, id) => {
      await harbor.connect(numberOf(id));
      return ['up'];
    },
    link: async (_request, id) => {
      await harbor.link(numberOf(id));
      return ['down'];
    },
    linkmaster: async () => {
      await harbor.linkMaster();
      return ['down'];
    },
    unique: async (_request, name) => [await skynet.uniqueService(true, textOf(name))],
    queryunique: async (_request, name) => [await skynet.queryService(true, textOf(name))],
    mcnew: async () => [(await multicast.new()).channel],
    mcsub: async (_request, id) => {
      const channel = channelOf(id);
      forget(numberOf(id));
      await channel.subscribe();
      return [true];
    },
    mcunsub: (_request, id) => {
      channelOf(id).unsubscribe();
      return [true];
    },
    mcpub: async (_request, id, count) => {
      const channel = channelOf(id);
      for (let i = 1; i <= numberOf(count); i++) await channel.publish(i);
      return [count];
    },
    mcpubvalue: async (_request, id, value) => {
      await channelOf(id).publish(value);
      return [true];
    },
    mcgot: (_request, id) => {
      const received = got.get(numberOf(id)) ?? { count: new Count(), last: undefined };
      return [...received.count.get(), describe(received.last)];
    },
    mcreset: (_request, id) => {
      forget(numberOf(id));
      return [true];
    },
    mcdel: (_request, id) => {
      channelOf(id).delete();
      channels.delete(numberOf(id));
      return [true];
    },
    dcset: datacenter('UPDATE'),
    dcget: datacenter('QUERY'),
    dcwait: datacenter('WAIT'),
  });
});

import { defineService, packSeri } from '@skynet/core';
import { createHarbor } from '@skynet/harbor';
import {
  type Command,
  commonCommands,
  numberOf,
  readExactly,
  serve,
  textOf,
} from '../../reference/service.ts';

/** The reference service of a node in a harbor network. */
export default defineService((skynet) => {
  const harbor = createHarbor(skynet);

  /** As the library does, but how many values came is kept. */
  const datacenter =
    (command: string): Command =>
    async (_request, ...args) =>
      readExactly(await skynet.rawCall('DATACENTER', 'lua', packSeri([command, ...args])));

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
    dcset: datacenter('UPDATE'),
    dcget: datacenter('QUERY'),
    dcwait: datacenter('WAIT'),
  });
});

import { defineService, packSeri } from '@skynet/core';
import { createCluster, type Target } from '@skynet/harbor/cluster';
import { createSnax } from '@skynet/snax';
import {
  attempt,
  type Command,
  commonCommands,
  numberOf,
  readExactly,
  serve,
  textOf,
  type Values,
} from '../../reference/service.ts';

/** Where a request goes at another node. */
function targetOf(address: unknown): Target {
  return typeof address === 'string' || address instanceof Uint8Array ? textOf(address) : numberOf(address);
}

/** The reference service of a node in a cluster. */
export default defineService((skynet) => {
  const cluster = createCluster(skynet);
  const snax = createSnax(skynet);

  /** As the library does, but every bit of the values is kept. */
  const call = async (node: unknown, address: unknown, values: Values): Promise<Values> =>
    readExactly(await cluster.rawCall(textOf(node), targetOf(address), packSeri(values)));

  const send = (node: unknown, address: unknown, values: Values): void =>
    cluster.send(textOf(node), targetOf(address), ...values);

  /** Address of a snax service at another node. */
  const find = async (node: unknown, name: unknown, address: unknown): Promise<unknown> =>
    address ?? (await cluster.call(textOf(node), '.service', 'QUERY', 'snaxd', textOf(name)));

  /** Number of a method of the snax service, which stands for it between nodes. */
  const numberIn = async (group: 'accept' | 'response', name: unknown, method: unknown): Promise<number> => {
    const id = (await snax.interface(textOf(name)))[group][textOf(method)];
    if (id === undefined) throw new Error(`${textOf(name)} has no ${group}.${textOf(method)}`);
    return id;
  };

  const proxied = (node: unknown, name: unknown): Promise<number> =>
    cluster.proxy(textOf(node), targetOf(name));

  const commands: Record<string, Command> = {
    ccall: (_request, node, address, ...values) => attempt(() => call(node, address, values)),
    csend: (_request, node, address, ...values) => {
      send(node, address, values);
      return [true];
    },
    cflood: (_request, node, address, command, count) => {
      for (let i = 1; i <= numberOf(count); i++) send(node, address, [command, i]);
      return [count];
    },
    cquery: (_request, node, name) => attempt(async () => [await cluster.query(textOf(node), textOf(name))]),
    cproxy: (_request, node, name, ...values) =>
      attempt(async () =>
        readExactly(await skynet.rawCall(await proxied(node, name), 'lua', packSeri(values))),
      ),
    cproxysend: async (_request, node, name, ...values) => {
      skynet.rawSend(await proxied(node, name), 'lua', packSeri(values));
      return [true];
    },
    csnax: (_request, node, name, address, method, ...values) =>
      attempt(async () =>
        call(node, await find(node, name, address), [await numberIn('response', name, method), ...values]),
      ),
    csnaxpost: async (_request, node, name, address, method, ...values) => {
      send(node, await find(node, name, address), [await numberIn('accept', name, method), ...values]);
      return [true];
    },
    creload: async (_request, table) => {
      await cluster.reload(table);
      return [true];
    },
    copen: async (_request, port) => {
      await cluster.open(numberOf(port));
      return [true];
    },
    cregister: async (_request, name, address) => {
      await cluster.register(textOf(name), address === undefined ? skynet.self() : numberOf(address));
      return [true];
    },
    cunregister: async (_request, name) => {
      await cluster.unregister(textOf(name));
      return [true];
    },
  };

  serve(skynet, { ...commonCommands(skynet, () => skynet.newService('refecho')), ...commands });
});

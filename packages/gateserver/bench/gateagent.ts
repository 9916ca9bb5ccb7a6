// The stock gate with an agent service for each connection, which returns every packet: `npm run gateagent -- <port>`.
import { defineService, type Handle, PTYPE } from '@skynet/core';
import { kernelOf } from '@skynet/core/kernel';
import { pack } from '@skynet/core/netpack';
import { connectionTable } from '@skynet/core/transport';
import { gate as stockGate } from '@skynet/gateserver';
import { serve } from './serve.ts';

/** Answers packets the way of the book's agent (§13.7): `socket.write(fd, netpack.pack(packet))`. */
const agent = defineService((skynet, gate = '', number = '') => {
  const fd = Number(number);
  // What `write` of @skynet/socket does; this package does not depend on that one.
  const connections = connectionTable(kernelOf(skynet));
  skynet.registerProtocol({ name: 'client', id: PTYPE.CLIENT, unpack: (body) => body });
  skynet.dispatch('client', (_request, bytes: Uint8Array) => {
    connections.find(fd)?.write(pack(bytes));
  });
  skynet.dispatch('lua', { quit: () => skynet.exit() });
  skynet.send(gate, 'lua', 'forward', fd);
});

/** Watchdog and gate in one: `open` starts the gate, which tells of connections. */
const watchdog = defineService((skynet) => {
  const agents = new Map<number, Handle>();
  let gate: Handle = 0;
  const drop = (fd: number): void => {
    const gone = agents.get(fd);
    if (gone !== undefined) skynet.send(gone, 'lua', 'quit');
    agents.delete(fd);
  };
  const events: { readonly [name: string]: (fd: number) => unknown } = {
    open: async (fd) => agents.set(fd, await skynet.newService(agent, skynet.address(gate), fd)),
    close: drop,
    error: drop,
  };
  return {
    async open(config: object) {
      gate = await skynet.newService(stockGate);
      return await skynet.call(gate, 'lua', 'open', { ...config, watchdog: skynet.self() });
    },
    socket: (event: string, fd: number) => events[event]?.(fd),
  };
});

await serve('gateagent', watchdog);

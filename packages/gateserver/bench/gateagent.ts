// The stock gate with an agent service for each connection, which returns every packet. For load from outside:
// `npm run gateagent -- <port> [threads]`. With more than one thread the agents are in the others.
import { defineService, type Handle } from '@skynet/core';
import { gate as stockGate } from '@skynet/gateserver';
import { serve } from './serve.ts';

const threads = Number(process.argv.slice(2).filter((word) => word !== '--')[1] ?? 1);

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
    open: async (fd) => {
      const thread = threads > 1 ? 1 + (fd % (threads - 1)) : 'same';
      agents.set(fd, await skynet.newService({ name: 'agent', thread }, skynet.address(gate), fd));
    },
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

await serve('gateagent', watchdog, threads);

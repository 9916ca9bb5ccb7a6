import {
  type Body,
  defineService,
  type Handle,
  PTYPE,
  type Request,
  type ServiceDefinition,
  type SkynetError,
} from '@skynet/core';
import { kernelOf } from '@skynet/core/kernel';
import { startGateserver, gate as stockGate } from '@skynet/gateserver';

/** A gate that returns every packet as it came. */
export const echoGate: ServiceDefinition = defineService((skynet) => {
  const gate = startGateserver(skynet, {
    open: (_source, { port }) => ({ port }),
    connect: (fd) => gate.openClient(fd),
    message: (fd, bytes) => {
      gate.send(fd, bytes);
    },
  });
});

/** A gate that asks an agent of the connection for each packet, and sends what that answers: the packet as it came. */
export const askingGate: ServiceDefinition = defineService((skynet) => {
  const kernel = kernelOf(skynet);
  const agents = new Map<number, { readonly fd: number; readonly agent: Handle }>();
  skynet.registerProtocol({ name: 'client', id: PTYPE.CLIENT });
  const gate = startGateserver(skynet, {
    open: (_source, { port }) => ({ port }),
    connect: async (fd) => {
      agents.set(fd, { fd, agent: await skynet.newService(answeringAgent) });
      gate.openClient(fd);
    },
    message: (fd, bytes) => {
      const asked = agents.get(fd);
      if (asked !== undefined) kernel.ask(asked.agent, 'client', bytes, answered, asked);
    },
  });
  const answered = (error: SkynetError | undefined, body: Body | undefined, { fd }: { fd: number }): void => {
    if (error !== undefined) throw error;
    gate.send(fd, body as Uint8Array);
  };
});

const answeringAgent: ServiceDefinition = defineService((skynet) => {
  skynet.registerProtocol({ name: 'client', id: PTYPE.CLIENT, unpack: (body) => body });
  skynet.dispatch('client', (request: Request, content: Uint8Array) => request.rawRet(content));
});

/**
 * The stock gate with an agent service for each connection that returns every packet: watchdog and gate in one,
 * `open` starts the gate, which tells of connections. With more than one thread the agents are in the others.
 */
export function agentGate(threads: number): ServiceDefinition {
  return defineService((skynet) => {
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
}

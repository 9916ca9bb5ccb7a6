import { type CommandsOf, defineService, printable, type ServiceHandle } from '@skynet/core';
import type { GateCommands, GateOptions } from '@skynet/gateserver';
import type agentService from './agent.ts';

type Agent = ServiceHandle<CommandsOf<typeof agentService>>;

/** Starts the gate, and an agent for each client. */
export default defineService(async (skynet) => {
  const agents = new Map<number, Agent>();
  const gate: ServiceHandle<GateCommands> = await skynet.newService('gate');

  const closeAgent = (fd: number): void => {
    const agent = agents.get(fd);
    if (agent === undefined) return;
    agents.delete(fd);
    skynet.sender<GateCommands>(gate).kick(fd);
    skynet.sender(agent).disconnect();
  };

  /** What the gate tells. */
  const events = {
    async open(fd: number, address: string): Promise<void> {
      skynet.error(`client ${fd} from ${printable(address)}`);
      const agent: Agent = await skynet.newService('agent');
      agents.set(fd, agent);
      try {
        await skynet.proxy(agent).start({ gate, client: fd, watchdog: skynet.self() });
      } catch (error) {
        closeAgent(fd); // the client left while its agent started
        skynet.error(`client ${fd} has no agent: ${printable(error)}`);
      }
    },
    close(fd: number): void {
      skynet.error(`client ${fd} has gone`);
      closeAgent(fd);
    },
    error(fd: number, text: string): void {
      skynet.error(`client ${fd}: ${printable(text)}`);
      closeAgent(fd);
    },
    warning(fd: number, kilobytes: number): void {
      skynet.error(`client ${fd} reads slowly: ${kilobytes} kB wait`);
    },
    data(): void {},
  };

  // The process is told to stop: nobody new comes in, and whoever is there is told.
  skynet.onExit(async () => {
    await skynet.proxy<GateCommands>(gate).close();
    for (const agent of agents.values()) skynet.sender(agent).goodbye();
    while (agents.size > 0) await skynet.sleep('50ms');
  });

  return {
    /** Opens the gate; says where it listens. */
    start: (config: GateOptions): Promise<{ address: string; port: number }> =>
      skynet.proxy<GateCommands>(gate).open({ ...config, watchdog: skynet.self() }),
    /** Closes one client; its agent asks for this. */
    close: closeAgent,
    socket<Event extends keyof typeof events>(
      event: Event,
      ...args: Parameters<(typeof events)[Event]>
    ): void {
      const work = events[event] as (...values: unknown[]) => unknown;
      skynet.fork(work, ...args);
    },
  };
});

import { type CommandsOf, defineService, printable, type ServiceHandle } from '@skynet/core';
import type { GateCommands, GateOptions } from '@skynet/gateserver';
import type agentService from './agent.ts';

type Agent = ServiceHandle<CommandsOf<typeof agentService>>;

/** Starts the gate, and an agent for each client (book §13.8, the original's examples/watchdog). */
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
      skynet.error(`New client from : ${printable(address)}`);
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
      skynet.error('socket close', fd);
      closeAgent(fd);
    },
    error(fd: number, text: string): void {
      skynet.error('socket error', fd, printable(text));
      closeAgent(fd);
    },
    warning(fd: number, kilobytes: number): void {
      skynet.error('socket warning', fd, kilobytes);
    },
    data(): void {},
  };

  return {
    /** Opens the gate; returns what the gate says. */
    start: (config: GateOptions): Promise<unknown> =>
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

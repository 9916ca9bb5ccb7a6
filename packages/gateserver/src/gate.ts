import {
  type Address,
  defineService,
  type Handle,
  PTYPE,
  printable,
  type ServiceDefinition,
  type Skynet,
} from '@skynet/core';
import { kernelOf } from '@skynet/core/kernel';
import { gateError } from './errors.ts';
import { startGateserver } from './gateserver.ts';
import type { GateOptions } from './options.ts';

/**
 * Nothing more is read from a client while more messages wait in its agent's mailbox, or while its agent works on
 * more of its packets at once; and again when there are fewer than the second number.
 */
const AGENT_HIGH = 512;
const AGENT_LOW = 128;
/** After so many packets of a client its agent's mailbox is looked at. */
const LOOK_EVERY = 64;

/** The commands of the stock gate. */
export type GateCommands = {
  /** Starts listening; tells where. `watchdog` is who hears of connections; default: who calls. */
  open(config: GateOptions & { watchdog?: Address }): { address: string; port: number };
  /** Stops listening; connections live on. */
  close(): void;
  /**
   * From now on packets of the connection go to the agent as `client` messages (type 3) with the connection's number
   * as session, in the name of `client` (default: the gate). The agent is who calls, unless another one is given.
   */
  forward(fd: number, client?: Handle, agent?: Handle): void;
  /** Packets of the connection go to the watchdog: `socket data fd bytes`. */
  accept(fd: number): void;
  /** Sends what was written to the connection, then closes it. */
  kick(fd: number): void;
};

/** A connection and where its packets go. */
interface Link {
  readonly fd: number;
  /** 0: to the watchdog. */
  agent: Handle;
  /** In whose name. */
  client: Handle;
  packets: number;
}

/** An agent with connections. */
interface Agent {
  readonly links: Set<Link>;
  readonly unwatch: () => void;
}

function startGate(skynet: Skynet): void {
  const kernel = kernelOf(skynet);
  const self = skynet.self();
  const links = new Map<number, Link>();
  const agents = new Map<Handle, Agent>();
  const throttled = new Set<Link>();
  let watchdog: Address = 0;

  skynet.registerProtocol({ name: 'client', id: PTYPE.CLIENT });

  const tell = (...values: unknown[]): void => void skynet.send(watchdog, 'lua', 'socket', ...values);

  const find = (fd: number): Link => {
    const link = links.get(fd);
    if (link === undefined)
      throw gateError('ERR_GATE_FD', `the gate has no connection ${String(fd)}`, { details: { fd } });
    return link;
  };

  const unforward = (link: Link): void => {
    const agent = agents.get(link.agent);
    if (agent?.links.delete(link) && agent.links.size === 0) {
      agent.unwatch();
      agents.delete(link.agent);
    }
    link.agent = 0;
    link.client = 0;
    if (throttled.delete(link)) gateserver.resumeClient(link.fd);
  };

  const agentGone = (agent: Handle): void => {
    const left = agents.get(agent)?.links ?? [];
    agents.delete(agent);
    for (const { fd } of left) {
      gateserver.failClient(
        fd,
        gateError('ERR_GATE_AGENT', `agent ${skynet.address(agent)} has ended`, { details: { agent } }),
      );
    }
  };

  const join = (link: Link, handle: Handle): void => {
    let agent = agents.get(handle);
    if (agent === undefined) {
      if (!kernel.isAlive(handle))
        throw gateError('ERR_GATE_AGENT', `no agent at ${skynet.address(handle)}`, {
          details: { agent: handle },
        });
      agent = { links: new Set(), unwatch: kernel.watch(handle, () => agentGone(handle)) };
      agents.set(handle, agent);
    }
    agent.links.add(link);
  };

  // The gate calls nobody: what agents answer to packets is for nobody.
  skynet.onUnknownResponse(() => {});

  /** Reads again for agents that have caught up. Nobody tells of that, so it is looked for. */
  const relieve = (): void => {
    if (!kernel.alive) return;
    let soon = false;
    for (const link of throttled) {
      const waiting = kernel.queueLength(link.agent) > AGENT_LOW;
      if (waiting) soon = true;
      else if (kernel.openRequests(link.agent, link.fd) <= AGENT_LOW) {
        throttled.delete(link);
        gateserver.resumeClient(link.fd);
      }
    }
    // A mailbox is worked off at once; what has been begun and waits for something else takes its time.
    if (soon) setImmediate(relieve);
    else if (throttled.size > 0) skynet.timeout(1, relieve);
  };

  const isBusy = ({ agent, fd }: Link): boolean =>
    kernel.queueLength(agent) > AGENT_HIGH || kernel.openRequests(agent, fd) > AGENT_HIGH;

  const throttle = (link: Link): void => {
    gateserver.pauseClient(link.fd);
    if (throttled.size === 0) setImmediate(relieve);
    throttled.add(link);
  };

  const commands: { [name: string]: (source: Handle, ...args: never[]) => unknown } = {
    forward(source: Handle, fd: number, client?: Handle, agent?: Handle): void {
      const link = find(fd);
      unforward(link);
      const target = agent || source;
      join(link, target);
      link.agent = target;
      link.client = client || self;
      gateserver.openClient(fd);
    },
    accept(_source: Handle, fd: number): void {
      unforward(find(fd));
      gateserver.openClient(fd);
    },
    kick(_source: Handle, fd: number): void {
      gateserver.closeClient(fd);
    },
  };

  const gateserver = startGateserver(skynet, {
    options: ['watchdog'],
    open(source, config) {
      const named = config.watchdog ?? source;
      if (typeof named !== 'number' && typeof named !== 'string') {
        throw gateError('ERR_ARGUMENT', `gate option watchdog must be an address, not ${String(named)}`);
      }
      watchdog = named;
      return { address: config.address, port: config.port };
    },
    connect(fd, address) {
      links.set(fd, { fd, agent: 0, client: 0, packets: 0 });
      tell('open', fd, address);
    },
    message(fd, bytes) {
      const link = links.get(fd);
      if (link === undefined) return;
      const { agent } = link;
      if (agent === 0) tell('data', fd, bytes);
      else if (skynet.redirect(agent, link.client, 'client', fd, bytes) === undefined) agentGone(agent);
      else if (++link.packets % LOOK_EVERY === 0 && isBusy(link)) throttle(link);
    },
    disconnect(fd) {
      const link = links.get(fd);
      if (link !== undefined) unforward(link);
      links.delete(fd);
      tell('close', fd);
    },
    error(fd, message) {
      const link = links.get(fd);
      if (link !== undefined) unforward(link);
      tell('error', fd, message);
    },
    warning(fd, kilobytes) {
      tell('warning', fd, kilobytes);
    },
    command(command, source, ...args) {
      const run = Object.hasOwn(commands, command) ? commands[command] : undefined;
      if (run === undefined)
        throw gateError('ERR_UNKNOWN_COMMAND', `Unknown command ${printable(command)}`, {
          details: { command: printable(command) },
        });
      return run(source, ...args);
    },
  });
}

/**
 * The stock gate (book §13.8): tells its watchdog of connections (`lua` messages `socket open fd address`,
 * `socket close fd`, `socket error fd text`, `socket warning fd kilobytes`, `socket data fd bytes`) and hands packets
 * on to agents, see {@link GateCommands}. An application's `services/gate.ts` is
 * `export { gate as default } from '@skynet/gateserver'`.
 */
export const gate: ServiceDefinition<GateCommands> = defineService(
  startGate,
) as ServiceDefinition<GateCommands>;

import { type CommandsOf, defineService, PTYPE, type ServiceHandle } from '@skynet/core';
import * as netpack from '@skynet/core/netpack';
import type { GateCommands } from '@skynet/gateserver';
import { createSocket } from '@skynet/socket';
import type simpledb from './simpledb.ts';

/** What an agent is told when it starts. */
export interface AgentConfig {
  readonly gate: ServiceHandle<GateCommands>;
  /** Number of the connection. */
  readonly client: number;
  /** Closes the client when the agent asks for it. */
  readonly watchdog: ServiceHandle<{ close(client: number): void }>;
}

const HELP = 'hello | get <key> | set <key> <value> | quit';

/**
 * Serves one client (book §13.8, the original's examples/agent). A packet from the client is a line of words; it is
 * answered by a packet that begins with `ok` or `error`. Packets that begin with `push` come unasked.
 */
export default defineService((skynet) => {
  const socket = createSocket(skynet);
  const db = skynet.proxy<CommandsOf<typeof simpledb>>('SIMPLEDB');
  // Answers leave in the order of the requests.
  const inOrder = skynet.queue();
  let config: AgentConfig | undefined;

  const send = (text: string): void => {
    if (config !== undefined) socket.write(config.client, netpack.pack(text));
  };

  const work = async (line: string): Promise<string> => {
    const [command = '', key = '', ...rest] = line.trim().split(/\s+/);
    switch (command.toLowerCase()) {
      case 'hello':
        return 'ok Welcome to skynet, I will send a heartbeat every 5 sec.';
      case 'get':
        return key === '' ? 'error get <key>' : `ok ${(await db.get(key)) ?? '(nothing)'}`;
      case 'set':
        if (key === '' || rest.length === 0) return 'error set <key> <value>';
        await db.set(key, rest.join(' '));
        return 'ok';
      case 'help':
        return `ok ${HELP}`;
      default:
        return `error unknown command ${command}; there are: ${HELP}`;
    }
  };

  skynet.registerProtocol({
    name: 'client',
    id: PTYPE.CLIENT,
    unpack: (body) => netpack.toString(body as Uint8Array),
  });
  skynet.dispatch('client', (_request, line: string) =>
    inOrder(async () => {
      if (line.trim().toLowerCase() !== 'quit') return send(await work(line));
      send('ok bye');
      if (config !== undefined) skynet.sender(config.watchdog).close(config.client);
    }),
  );

  return {
    /** Takes over a connection of the gate. */
    async start(given: AgentConfig): Promise<void> {
      config = given;
      await skynet.proxy<GateCommands>(given.gate).forward(given.client);
      skynet.interval(500, send, 'push heartbeat');
    },
    /** The client is gone. */
    disconnect(): void {
      skynet.exit();
    },
  };
});

import { type CommandsOf, defineService, PTYPE, type ServiceHandle } from '@skynet/core';
import * as netpack from '@skynet/core/netpack';
import type { GateCommands } from '@skynet/gateserver';
import { createSocket } from '@skynet/socket';
import type store from './store.ts';

/** What an agent is told when it starts. */
export interface AgentConfig {
  readonly gate: ServiceHandle<GateCommands>;
  /** Number of the connection. */
  readonly client: number;
  /** Closes the client when the agent asks for it. */
  readonly watchdog: ServiceHandle<{ close(client: number): void }>;
}

const HELP = 'get <key> | set <key> <value> | quit';

/**
 * Serves one client. A frame from the client is a line of words; it is answered by a frame that begins with `ok` or
 * `error`. Frames that begin with `push` come unasked.
 */
export default defineService((skynet) => {
  const socket = createSocket(skynet);
  const db = skynet.proxy<CommandsOf<typeof store>>('.store');
  // Answers leave in the order of the requests.
  const inOrder = skynet.queue();
  let config: AgentConfig | undefined;

  const send = (text: string): void => {
    if (config !== undefined) socket.write(config.client, netpack.pack(text));
  };
  const close = (): void => {
    if (config !== undefined) skynet.sender(config.watchdog).close(config.client);
  };

  const work = async (line: string): Promise<string> => {
    const [command = '', key = '', ...rest] = line.trim().split(/\s+/);
    switch (command.toLowerCase()) {
      case 'get':
        return key === '' ? 'error get <key>' : `ok ${(await db.get(key)) ?? '(nothing)'}`;
      case 'set':
        if (key === '' || rest.length === 0) return 'error set <key> <value>';
        await db.set(key, rest.join(' '));
        return 'ok';
      case 'help':
        return `ok ${HELP}`;
      default:
        return `error unknown command; there are: ${HELP}`;
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
      close();
    }),
  );

  return {
    /** Takes over a connection of the gate. */
    async start(given: AgentConfig): Promise<void> {
      config = given;
      await skynet.proxy<GateCommands>(given.gate).forward(given.client);
      send(`push welcome; ${HELP}`);
    },
    /** The server stops: what was asked is answered, then the client is told to come back. */
    goodbye: (): Promise<void> =>
      inOrder(() => {
        send('push the server restarts, come back in a moment');
        close();
      }),
    /** The client is gone. */
    disconnect(): void {
      skynet.exit();
    },
  };
});

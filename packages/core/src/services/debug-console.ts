import type { ServiceKernel } from '../contracts/kernel.ts';
import type { ServiceDefinition } from '../contracts/skynet.ts';
import { defineService } from '../define.ts';
import { kernelOf } from '../kernel.ts';
import type { Connection } from '../transport/contract.ts';
import { CONSOLE_COMMANDS } from './console-commands.ts';
import { ConsoleSession } from './console-session.ts';
import { showResult } from './console-values.ts';

/** Visitors at a time. */
const MAX_SESSIONS = 64;
/** How long visitors may take to read the last lines when the console ends, in milliseconds. */
const GRACE = 1000;

/**
 * The debug console (`debug_console [ip] port [token]`): takes command lines over TCP, `help` lists them. Listens on
 * 127.0.0.1 unless told otherwise. With a token, given here or as `consoleToken` in the configuration, a visitor has
 * to begin with `token <text>`. Port 0 takes a free one, which stands in the log.
 * @throws ERR_ADDRESS_INVALID, ERR_LISTEN.
 */
export const debugConsole: ServiceDefinition = defineService(async (skynet, ...args) => {
  const [ip = '127.0.0.1', port = '', token = skynet.getenv('consoleToken')] = /^\d+$/.test(args[0] ?? '')
    ? [undefined, ...args]
    : args;
  const kernel = kernelOf(skynet);
  const sessions = new Set<ConsoleSession>();

  const accept = (connection: Connection): void => {
    if (sessions.size >= MAX_SESSIONS) {
      connection.destroy();
      return;
    }
    skynet.error(connection.remoteAddress, 'connected');
    const session = new ConsoleSession(
      kernel,
      connection,
      (line, signal) => execute(kernel, line, signal),
      token,
      () => {
        sessions.delete(session);
        skynet.error(connection.remoteAddress, 'disconnect');
      },
    );
    sessions.add(session);
  };

  const host = ip.includes(':') ? `[${ip}]` : ip;
  const listener = await kernel.listen(`tcp://${host}:${port}`, {}, accept);
  kernel.own(() => {
    for (const session of sessions) session.close(GRACE);
  });
  skynet.error(`Start debug console at ${ip}:${listener.port}`);
  if (token === undefined && !/^(127\.|::1$|localhost$)/.test(ip)) {
    skynet.error(`Anybody who reaches ${ip}:${listener.port} can command this node: set consoleToken`);
  }
});

/** Does one command line. @returns the lines to print. */
async function execute(kernel: ServiceKernel, line: string, signal: AbortSignal): Promise<string[]> {
  const [name = '', ...args] = line.trim().split(/\s+/);
  if (name === '') return [];
  const command = Object.hasOwn(CONSOLE_COMMANDS, name) ? CONSOLE_COMMANDS[name] : undefined;
  if (command === undefined) return ['Invalid command, type help for command list', '', '<CMD Error>'];
  const rest = line.trim().replace(/^\S+\s+\S+\s*/, '');
  try {
    return [...showResult(await command.run({ kernel, signal, rest }, ...args)), '<CMD OK>'];
  } catch (error) {
    return [error instanceof Error ? error.message : String(error), '<CMD Error>'];
  }
}

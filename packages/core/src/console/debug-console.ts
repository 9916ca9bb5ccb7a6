import type { ServiceKernel } from '../contracts/kernel.ts';
import type { ServiceDefinition } from '../contracts/skynet.ts';
import { defineService } from '../define.ts';
import { kernelOf } from '../kernel.ts';
import { nearest } from '../nearest.ts';
import { HIDDEN } from '../secret.ts';
import { AddressTable, networkOf } from '../transport/address-table.ts';
import type { Connection } from '../transport/contract.ts';
import { commandsOf } from './commands.ts';
import { commandOf, runLine, wordsOf } from './line.ts';
import { type ConsoleRules, ConsoleSession, NO_COMMAND } from './session.ts';
import { Visitors } from './visitors.ts';

/** Wrong tokens of one address in a minute; then none of it is looked at. */
const MAX_GUESSES = 5;

/**
 * The debug console (`debug_console [ip] port [token]`): takes command lines over TCP, `help` lists them. Listens on
 * 127.0.0.1 unless told otherwise. With a token, given here or as `consoleToken` in the configuration, a visitor has
 * to begin with `token <text>`. Port 0 takes a free one, which stands in the log.
 * @throws ERR_ADDRESS_INVALID, ERR_LISTEN.
 */
export const debugConsole: ServiceDefinition = {
  shownArgs: (args) => (isPort(args[0]) ? hidden(args, 1) : hidden(args, 2)),
  ...defineService(async (skynet, ...args) => {
    const [ip = '127.0.0.1', port = '', token = skynet.getenv('consoleToken')] = isPort(args[0])
      ? [undefined, ...args]
      : args;
    const kernel = kernelOf(skynet);
    const visitors = new Visitors();
    const sessions = new Set<ConsoleSession>();
    const guesses = new AddressTable(0, MAX_GUESSES);

    const accept = (connection: Connection): void => {
      if (!visitors.makeRoom(networkOf(connection.remoteAddress))) {
        connection.destroy();
        return;
      }
      skynet.error(connection.remoteAddress, 'connected');
      const rules: ConsoleRules = {
        token,
        guesses,
        hosts: [ip, hostOf(connection.localAddress)].filter(isOneHost),
        effectOf: (line) => effectOf(kernel, line),
        execute: (line, signal) => execute(kernel, line, signal),
      };
      const session = new ConsoleSession(kernel, connection, rules, () => {
        visitors.remove(session);
        sessions.delete(session);
        skynet.error(connection.remoteAddress, 'disconnect');
      });
      visitors.add(session);
      sessions.add(session);
    };

    const host = ip.includes(':') ? `[${ip}]` : ip;
    const listener = await kernel.listen(`tcp://${host}:${port}`, {}, accept);
    kernel.own(() => {
      for (const session of sessions) session.close();
    });
    skynet.error(`Start debug console at ${ip}:${listener.port}`);
    if (token === undefined && !isLoopback(hostOf(listener.address))) {
      skynet.error(`Anybody who reaches ${ip}:${listener.port} can command this node: set consoleToken`);
    }
  }),
};

function isPort(word: string | undefined): boolean {
  return /^\d+$/.test(word ?? '');
}

/** Arguments with the one that is a token hidden. */
function hidden(args: readonly string[], index: number): readonly string[] {
  return args.map((arg, i) => (i === index ? HIDDEN : arg));
}

/** `127.0.0.1:80` and `[::1]:80` without the port. */
function hostOf(address: string): string {
  return address.slice(0, address.lastIndexOf(':'));
}

function isLoopback(host: string): boolean {
  return host === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(host);
}

/** Whether a host, as listened on or as written in a request, is one and not all addresses of the machine. */
function isOneHost(host: string): boolean {
  return !/^(0\.0\.0\.0|\[?::\]?)$/.test(host);
}

function effectOf(kernel: ServiceKernel, line: string): 'reads' | 'changes' | undefined {
  const command = commandOf(kernel, line);
  return command === undefined ? undefined : command.reads ? 'reads' : 'changes';
}

/** Does one command line. @returns the lines to print. */
async function execute(kernel: ServiceKernel, line: string, signal: AbortSignal): Promise<string[]> {
  const [name = ''] = wordsOf(line);
  if (name === '') return [];
  const result = await runLine(kernel, line, signal);
  if (result !== undefined) return [...result.lines, result.failed ? '<CMD Error>' : '<CMD OK>'];
  const meant = nearest(name, Object.keys(commandsOf(kernel)));
  const [invalid = '', ...rest] = NO_COMMAND;
  return [meant === undefined ? invalid : `${invalid}; did you mean "${meant}"?`, ...rest];
}

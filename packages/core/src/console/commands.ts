import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { addedCommands, commandQuestion, type ListedCommand, notesOf } from '../actor/console-door.ts';
import { messageOf } from '../codec/error.ts';
import type { CallTarget } from '../contracts/call.ts';
import type { ServiceKernel } from '../contracts/kernel.ts';
import type { DrainReport } from '../contracts/moves.ts';
import type { PlacementReport } from '../contracts/placement.ts';
import { isSkynetError, SkynetError } from '../errors.ts';
import { formatHandle, type Handle, harborOf, makeHandle, parseHandle } from '../handle.ts';
import type { ProtocolName } from '../protocol.ts';
import { hideSecrets } from '../secret.ts';
import { connectionTable } from '../transport/connection-table.ts';
import { placementRows } from './placement.ts';
import { supervisionTree } from './tree.ts';
import { readValues } from './values.ts';

/** Seconds a CPU profile takes if nothing is said, and at most. */
const PROFILE_SECONDS = 5;
const MAX_PROFILE_SECONDS = 600;

/** Hundredths of a second that a service may take to answer a question about itself. */
const ANSWER_LIMIT = 500;
/** The same for what services do for `call`. */
const CALL_LIMIT = 6000;

/** Number of the request that starts a snax service. */
const SNAX_INIT = 1;

/** Where a command runs. */
export interface ConsoleContext {
  readonly kernel: ServiceKernel;
  /** Aborted when the visitor is gone. */
  readonly signal: AbortSignal;
  /** Everything behind the command's first argument, as it was typed. */
  readonly rest: string;
}

/** One command: what `help` says of it, and what it does. What it returns is printed. */
export interface ConsoleCommand {
  readonly help: string;
  /** Whether it changes nothing: such commands are done for a plain GET. */
  readonly reads?: boolean;
  readonly run: (context: ConsoleContext, ...args: string[]) => unknown;
}

/** Asks a service; one that does not answer in time is named by the error. */
function ask<Result>(
  context: ConsoleContext,
  to: Handle | string,
  type: ProtocolName,
  ...values: unknown[]
): Promise<Result> {
  return askFor(ANSWER_LIMIT, context, to, type, ...values);
}

/** The same for so many hundredths of a second. */
function askFor<Result>(
  timeout: number,
  { kernel, signal }: ConsoleContext,
  to: Handle | string,
  type: ProtocolName,
  ...values: unknown[]
): Promise<Result> {
  const target: CallTarget = { to, signal, timeout };
  return kernel.skynet.call<Result>(target, type, ...values);
}

/** Has the launcher ask all services, once or twice, for so many hundredths of a second; 0 and below as long as it takes. */
function askAll(context: ConsoleContext, question: string, wait: number): Promise<Record<string, unknown>> {
  return askFor(wait > 0 ? 2 * wait + ANSWER_LIMIT : 0, context, '.launcher', 'lua', question, wait);
}

/**
 * `:0100000a`, `0100000a` or `0x0100000a`, hex either way; what has no harbor id, such as `a`, gets that of this node.
 * Or a local name, `.store`.
 */
function handleOf({ kernel: { skynet } }: ConsoleContext, address: string | undefined): Handle {
  if (address === undefined) throw new SkynetError('ERR_ARGUMENT', 'need an address');
  const handle = address.startsWith('.')
    ? skynet.localName(address)
    : parseHandle(address.startsWith(':') ? address : `:${address.replace(/^0x/i, '')}`);
  if (handle === undefined || handle === 0)
    throw new SkynetError('ERR_ADDRESS_INVALID', `Invalid address ${address}`);
  return harborOf(handle) === 0 ? makeHandle(harborOf(skynet.self()), handle) : handle;
}

function threadNumber(text: string | undefined): number {
  if (text === undefined || !/^\d+$/.test(text))
    throw new SkynetError('ERR_ARGUMENT', 'need the number of a thread');
  return Number(text);
}

/** Hundredths of a second to wait for answers, 300 by default. */
function patience(text: string | undefined): number {
  const wait = Number(text ?? 300);
  if (!Number.isFinite(wait)) throw new SkynetError('ERR_ARGUMENT', `not a time: ${text}`);
  return wait;
}

async function memory(
  context: ConsoleContext,
  command: 'MEM' | 'GC',
  wait: string | undefined,
): Promise<Record<string, unknown>> {
  const titles = await ask<Record<string, string>>(context, '.launcher', 'lua', 'LIST');
  const sizes = await askAll(context, command, patience(wait));
  return Object.fromEntries([
    ...Object.entries(sizes).map(([address, kb]) => [
      address,
      typeof kb === 'number' ? `${kb.toFixed(2)} Kb (${titles[address] ?? 'gone'})` : kb,
    ]),
    ...(await threadMemory(context, Object.keys(sizes))),
  ]);
}

interface ThreadMemory {
  readonly thread: number;
  readonly heap: number;
  readonly buffers: number;
}

/** What each thread has in its heap and in buffers beside it, as one of its services tells. */
async function threadMemory(
  context: ConsoleContext,
  services: readonly string[],
): Promise<[string, string][]> {
  const group = context.kernel.skynet.request({ timeout: ANSWER_LIMIT });
  for (const address of services) {
    const handle = parseHandle(address);
    if (handle !== undefined) group.add(handle, 'debug', 'THREAD');
  }
  const threads = new Map<number, ThreadMemory>();
  for await (const outcome of group) {
    if (!outcome.ok) continue;
    const told = outcome.values[0] as ThreadMemory;
    threads.set(told.thread, told);
  }
  return [...threads.values()]
    .sort((a, b) => a.thread - b.thread)
    .map(({ thread, heap, buffers }) => [
      `thread ${thread}`,
      `${heap.toFixed(2)} Kb heap, ${buffers.toFixed(2)} Kb buffers`,
    ]);
}

/** Starts something, and says in a word when it could not. */
async function started(name: string | undefined, start: () => Promise<unknown>): Promise<unknown> {
  if (name === undefined) throw new SkynetError('ERR_ARGUMENT', 'need the name of a service');
  try {
    return await start();
  } catch (error) {
    if (isSkynetError(error, 'ERR_SERVICE_EXITED')) return 'Exit';
    // The log says more.
    return `Failed: ${messageOf(error).split('\n')[0]}`;
  }
}

/** The service of `@skynet/snax` that patches. */
async function askSnax(
  context: ConsoleContext,
  command: string,
  [target, ...words]: string[],
): Promise<unknown> {
  const { skynet } = context.kernel;
  const patcher = await skynet.uniqueService('snaxpatch');
  const isAddress = target !== undefined && /^(:|0x)[\da-f]+$/i.test(target);
  const first = isAddress ? formatHandle(handleOf(context, target)) : target;
  // Everything behind the target, as it was typed: a patch's text has blanks of its own.
  const line = command === 'hotfix' && target !== undefined ? [context.rest] : words;
  const given = first === undefined ? [] : [first, ...line];
  return askFor(
    CALL_LIMIT,
    context,
    patcher,
    'lua',
    'CONSOLE',
    skynet.address(skynet.self()),
    command,
    ...given,
  );
}

interface Waiting {
  readonly session: number;
  readonly waitsFor: string;
}

/** File for what a tool records, in the folder of dumps. */
function dumpFile({ kernel: { skynet } }: ConsoleContext, ending: string): string {
  const moment = new Date().toISOString().replace(/[:.]/g, '-');
  return path.resolve(skynet.getenv('logPath') ?? '.', `${moment}-${process.pid}.${ending}`);
}

/** Records what the thread does for so many seconds of real time, or until the visitor goes. */
async function recordProfile(context: ConsoleContext, seconds: number): Promise<string> {
  const { skynet } = context.kernel;
  // Loaded only here: it takes as long as much of this package.
  const { Session } = process.getBuiltinModule('node:inspector');
  const inspector = new Session();
  const forget = context.kernel.own(() => inspector.disconnect());
  try {
    inspector.connect();
    inspector.post('Profiler.enable');
    inspector.post('Profiler.start');
    await skynet.await(
      setTimeout(seconds * 1000, undefined, { signal: context.signal }).catch(() => undefined),
    );
    const profile = await skynet.await(
      new Promise<object>((resolve, reject) => {
        inspector.post('Profiler.stop', (error, result) =>
          error === null ? resolve(result.profile) : reject(error),
        );
      }),
    );
    const file = dumpFile(context, 'cpuprofile');
    await skynet.await(writeFile(file, JSON.stringify(profile)));
    return file;
  } finally {
    forget();
    inspector.disconnect();
  }
}

const tasksOf = (context: ConsoleContext, address: string | undefined): Promise<Waiting[]> =>
  ask<Waiting[]>(context, handleOf(context, address), 'debug', 'TASK');

/** The consoles' own commands, by name. */
export const CONSOLE_COMMANDS: Readonly<Record<string, ConsoleCommand>> = {
  help: {
    help: 'this list',
    reads: true,
    run: ({ kernel }) =>
      Object.fromEntries(Object.entries(commandsOf(kernel)).map(([name, { help }]) => [name, help])),
  },
  list: {
    help: 'all services',
    reads: true,
    run: async (context) => {
      const titles = await ask<Record<string, string>>(context, '.launcher', 'lua', 'LIST');
      for (const [handle, note] of notesOf(context.kernel)) {
        const address = formatHandle(handle);
        if (titles[address] !== undefined) titles[address] += ` (${note})`;
      }
      return titles;
    },
  },
  stat: {
    help: '[ti] : messages, tasks and CPU time of all services; ti: how long to wait for them',
    reads: true,
    run: (context, wait) => askAll(context, 'STAT', patience(wait)),
  },
  mem: {
    help: '[ti] : heap of the thread each service runs in; heap and buffers of each thread',
    reads: true,
    run: (context, wait) => memory(context, 'MEM', wait),
  },
  gc: {
    help: '[ti] : collects garbage if node runs with --expose-gc, then as mem',
    run: (context, wait) => memory(context, 'GC', wait),
  },
  cmem: {
    help: 'memory of the process, in bytes',
    reads: true,
    run: () => ({ ...process.memoryUsage() }),
  },
  service: {
    help: 'unique services',
    reads: true,
    run: (context) => ask(context, '.service', 'lua', 'LIST'),
  },
  tree: {
    help: 'services that keep others running, and what they keep',
    reads: true,
    run: async (context) => {
      const titles = await ask<Record<string, string>>(context, '.launcher', 'lua', 'LIST');
      return supervisionTree(context.kernel, {
        childrenOf: (supervisor) => ask(context, supervisor, 'debug', 'CHILDREN'),
        titleOf: (handle) => titles[formatHandle(handle)] ?? '',
      });
    },
  },
  info: {
    help: 'address args... : what a service tells of itself',
    reads: true,
    run: async (context, address, ...args) =>
      hideSecrets(await ask(context, handleOf(context, address), 'debug', 'INFO', ...args)),
  },
  task: {
    help: 'address : suspended tasks of a service, and what they wait for',
    reads: true,
    run: async (context, address) =>
      new Map(
        (await tasksOf(context, address)).map(({ session, waitsFor }) => [`session: ${session}`, waitsFor]),
      ),
  },
  uniqtask: {
    help: 'address : suspended tasks of a service, counted by what they wait for',
    reads: true,
    run: async (context, address) => {
      const sessions = new Map<string, number[]>();
      for (const { session, waitsFor } of await tasksOf(context, address)) {
        sessions.set(waitsFor, [...(sessions.get(waitsFor) ?? []), session]);
      }
      return [...sessions]
        .map(([waitsFor, list]) => `${list.length}\tsessions:[${list.join(',')}]\n\t${waitsFor}`)
        .join('\n');
    },
  },
  killtask: {
    help: 'address session : ends a suspended task',
    run: async (context, address, session) => {
      const found = await ask<boolean>(
        context,
        handleOf(context, address),
        'debug',
        'KILLTASK',
        Number(session),
      );
      return found ? undefined : 'Not found';
    },
  },
  exit: {
    help: 'address : tells a service to end itself',
    run: (context, address) => {
      const handle = handleOf(context, address);
      if (context.kernel.skynet.send(handle, 'debug', 'EXIT') !== undefined) return;
      throw new SkynetError('ERR_NO_SERVICE', `no service ${formatHandle(handle)}`);
    },
  },
  kill: {
    help: 'address : ends a service',
    run: (context, address) =>
      ask(context, '.launcher', 'lua', 'KILL', formatHandle(handleOf(context, address))),
  },
  reload: {
    help: 'address [name] : gives a service its module anew, or that of another; handle, names and mailbox stay',
    run: async (context, address, module) =>
      void (await askFor(CALL_LIMIT, context, handleOf(context, address), 'debug', 'RELOAD', module)),
  },
  move: {
    help: 'address thread : moves a service to another thread; handle, names and mailbox stay',
    run: async (context, address, thread) => {
      const handle = handleOf(context, address);
      await askFor(CALL_LIMIT, context, handle, 'debug', 'MOVE', threadNumber(thread));
    },
  },
  drain: {
    help: 'thread : moves all services of a thread to the others; says which stay, and why',
    run: async (context, thread) => {
      const { moved, stayed } = await askFor<DrainReport>(
        0,
        context,
        '.launcher',
        'lua',
        'DRAIN',
        threadNumber(thread),
      );
      return Object.fromEntries([
        ...moved.map(({ handle, title, thread: to }) => [formatHandle(handle), `${title} -> thread ${to}`]),
        ...stayed.map(({ handle, title, code, text }) => [
          formatHandle(handle),
          `${title} stays: ${code} ${text}`,
        ]),
      ]);
    },
  },
  placement: {
    help: '[pin|unpin address] : load of the threads, who talks with whom, and what was moved for that; pins a service',
    run: async (context, word, address) => {
      if (word === undefined)
        return placementRows(await ask<PlacementReport>(context, '.launcher', 'lua', 'PLACEMENT'));
      if (word !== 'pin' && word !== 'unpin')
        throw new SkynetError('ERR_ARGUMENT', `pin or unpin, not ${word}`);
      await ask(context, handleOf(context, address), 'debug', 'PIN', word === 'pin');
      return undefined;
    },
  },
  start: {
    help: 'name args... : starts a service',
    run: ({ kernel: { skynet } }, name, ...args) =>
      started(name, async () => ({ [skynet.address(await skynet.newService(name ?? '', ...args))]: name })),
  },
  snax: {
    help: 'name args... : starts a snax service',
    run: (context, name, ...args) =>
      started(name, async () => {
        const { skynet } = context.kernel;
        const handle = await skynet.newService('snaxd', name ?? '');
        await skynet.call(handle, 'snax', SNAX_INIT, ...args);
        return { [skynet.address(handle)]: name };
      }),
  },
  hotfix: {
    help: 'script|address file|text : patches the snax services of a script, or one',
    run: (context, ...words) => askSnax(context, 'hotfix', words),
  },
  versions: {
    help: 'script|address : versions of snax services, * is in force',
    reads: true,
    run: (context, ...words) => askSnax(context, 'versions', words),
  },
  rollback: {
    help: 'script|address [version] : puts the version before, or that one, in force again',
    run: (context, ...words) => askSnax(context, 'rollback', words),
  },
  rollout: {
    help: '[script go|back] : canaries that are watched; has the others follow, or takes the patch back',
    run: (context, ...words) => askSnax(context, 'rollout', words),
  },
  ping: {
    help: 'address : time of a round trip, in hundredths of a second',
    reads: true,
    run: async (context, address) => {
      const handle = handleOf(context, address);
      const before = context.kernel.skynet.now();
      await ask(context, handle, 'debug', 'PING');
      return context.kernel.skynet.now() - before;
    },
  },
  call: {
    help: 'address values : calls with values such as "get", 1, {hp = 2}',
    run: async (context, address) => {
      const to = handleOf(context, address);
      if (context.rest === '') throw new SkynetError('ERR_ARGUMENT', 'need arguments');
      const { skynet } = context.kernel;
      const body = await skynet.rawCall(
        { to, signal: context.signal, timeout: CALL_LIMIT },
        'lua',
        skynet.pack(...readValues(context.rest)),
      );
      const values = skynet.unpack(body);
      return { ...Object.fromEntries(values.map((value, i) => [i + 1, value])), n: values.length };
    },
  },
  dbgcmd: {
    help: 'address cmd args... : sends a debug message, prints the answer',
    run: async (context, address, ...words) =>
      hideSecrets(await askFor(CALL_LIMIT, context, handleOf(context, address), 'debug', ...words)),
  },
  logon: {
    help: 'address : writes every message a service gets to <logPath>/<address>.log',
    run: async (context, address) => {
      const folder = context.kernel.skynet.getenv('logPath') ?? '.';
      await ask(context, handleOf(context, address), 'debug', 'LOGON', folder);
    },
  },
  logoff: {
    help: 'address : ends that',
    run: async (context, address) => void (await ask(context, handleOf(context, address), 'debug', 'LOGOFF')),
  },
  netstat: {
    help: 'sockets of the thread the console runs in',
    reads: true,
    run: ({ kernel }) =>
      Object.fromEntries(
        connectionTable(kernel)
          .netstat()
          .map(({ id, address, ...stat }) => [id, { address: formatHandle(address), ...stat }]),
      ),
  },
  clearcache: {
    help: 'lets services that start from now on load changed files',
    run: async (context) => void (await ask(context, '.launcher', 'lua', 'CLEARCACHE')),
  },
  getenv: {
    help: 'name : value of a configuration key',
    reads: true,
    run: ({ kernel }, name = '') => hideSecrets({ [name]: kernel.skynet.getenv(name) }),
  },
  setenv: {
    help: 'name value : adds a configuration value',
    run: ({ kernel }, name, value) => {
      if (name === undefined || value === undefined)
        throw new SkynetError('ERR_ARGUMENT', 'need a name and a value');
      kernel.skynet.setenv(name, value);
    },
  },
  dumpheap: {
    help: 'writes a heap snapshot of the thread, which stands still meanwhile; prints the file',
    run: (context) =>
      process.getBuiltinModule('node:v8').writeHeapSnapshot(dumpFile(context, 'heapsnapshot')),
  },
  profile: {
    help: `[seconds] : records a CPU profile of the thread (${PROFILE_SECONDS} seconds); prints the file`,
    run: (context, seconds = String(PROFILE_SECONDS)) => {
      const length = Number(seconds);
      if (length > 0 && length <= MAX_PROFILE_SECONDS) return recordProfile(context, length);
      throw new SkynetError('ERR_ARGUMENT', `seconds must be above 0, up to ${MAX_PROFILE_SECONDS}`);
    },
  },
  shutdown: {
    help: 'ends the node, exit hooks first',
    // A little later, so that the answer still leaves.
    run: ({ kernel }) => void kernel.skynet.timeout(1, () => kernel.skynet.abort()),
  },
};

/** All commands that there are now, those of packages too. */
export function commandsOf(kernel: ServiceKernel): Readonly<Record<string, ConsoleCommand>> {
  const added = [...addedCommands(kernel)].map(([name, listed]) => [name, commandOfService(name, listed)]);
  return { ...CONSOLE_COMMANDS, ...Object.fromEntries(added) };
}

/** A command that a service has added: that service does it. */
function commandOfService(name: string, { help, reads, owner }: ListedCommand): ConsoleCommand {
  return {
    help,
    reads,
    run: async (context, ...words) =>
      hideSecrets(await askFor(CALL_LIMIT, context, owner, 'debug', commandQuestion(name), ...words)),
  };
}

import type { LaunchArgument } from '../contracts/launch.ts';
import type { NetworkNames } from '../contracts/remote.ts';
import type { Request } from '../contracts/request.ts';
import type { ServiceDefinition, Skynet } from '../contracts/skynet.ts';
import { defineService } from '../define.ts';
import { isSkynetError, SkynetError } from '../errors.ts';
import { type Address, formatHandle, type Handle } from '../handle.ts';

/** A unique service: running, being started, or waited for. */
interface Entry {
  handle?: Handle;
  launching?: Promise<Handle>;
  /** Tokens of the tasks that wait for somebody to start it. */
  readonly waiting: object[];
}

/**
 * What a node is in its network: on its own, the one that has the unique services of the network, or another; a peer where
 * there is no such one.
 */
export type NetworkRole = 'alone' | 'master' | 'member' | 'peer';

/** The service that runs scripts of snax, and the number of the request that starts them. */
const SNAXD = 'snaxd';
const SNAX_INIT = 1;

/** How often a peer asks whose a name is while that one's node is lost, and the pause between: until the names are free. */
const TAKEOVERS = 100;
const TAKEOVER_PAUSE = '100ms';

/** Global name of the service manager that has the unique services of the network. */
const GLOBAL_NAME = 'SERVICE';

/** Services that exist once (book §4.2): `.service` of the original. Names with `@` are those of the whole network. */
export function createServiceManager(role: NetworkRole, names?: NetworkNames): ServiceDefinition {
  return defineService(async (skynet) => {
    skynet.register('.service');
    const entries = new Map<string, Entry>();
    /** Service managers of the other nodes. */
    const members = new Set<Handle>();

    const entryOf = (key: string): Entry => {
      let entry = entries.get(key);
      if (entry === undefined) {
        entry = { waiting: [] };
        entries.set(key, entry);
      }
      return entry;
    };

    const begin = async (entry: Entry, start: () => Promise<Handle>): Promise<Handle> => {
      try {
        const handle = await start();
        entry.handle = handle;
        // The node that has the network's may be lost, and come back without them.
        if (skynet.harbor(handle).remote)
          skynet.watch(handle, () => {
            if (entry.handle === handle) delete entry.handle;
          });
        return handle;
      } finally {
        // A failure is not remembered: the next request starts it again (the original fails for ever).
        delete entry.launching;
        for (const token of entry.waiting.splice(0)) skynet.wakeup(token);
      }
    };

    /** The service of that key, started by the first who asks. */
    const launch = async (key: string, start: () => Promise<Handle>): Promise<Handle> => {
      const entry = entryOf(key);
      if (entry.handle !== undefined) return entry.handle;
      if (entry.launching === undefined) {
        entry.launching = begin(entry, start);
        return entry.launching;
      }
      return skynet.await(entry.launching);
    };

    /** A snax service gets its arguments, which may be any values, by its first request. */
    const start = async (name: string, args: LaunchArgument[]): Promise<Handle> => {
      const words = name === SNAXD ? args.slice(0, 1) : args;
      const handle = await skynet.newService({ name, thread: 'spread' }, ...words);
      if (name === SNAXD) await skynet.call(handle, 'snax', SNAX_INIT, ...args.slice(1));
      return handle;
    };

    const launchHere = (name: string, args: LaunchArgument[]): Promise<Handle> =>
      launch(keyOf(name, args), () => start(nameOf(name), args));

    const query = async (key: string): Promise<Handle> => {
      const entry = entryOf(key);
      while (entry.handle === undefined) {
        const token = {};
        entry.waiting.push(token);
        await skynet.wait(token);
      }
      return entry.handle;
    };

    /** Asks the service manager of the whole network, or that of another node. */
    const ask = async (
      command: string,
      name: string,
      args: LaunchArgument[],
      manager: Address = GLOBAL_NAME,
    ): Promise<Handle> => {
      const body = await skynet.rawCall(manager, 'lua', skynet.pack(command, name, ...args));
      const [handle, text] = skynet.unpack(body);
      if (typeof handle === 'number') return handle;
      throw new SkynetError('ERR_REMOTE', `call failed: ${String(text ?? 'no service was started')}`, {
        details: { name: nameOf(name) },
      });
    };

    /** Among peers: whoever gets the name starts the service, and is asked by the others. */
    const askOwner = async (
      key: string,
      command: string,
      name: string,
      args: LaunchArgument[],
      owner: () => Promise<Handle>,
    ): Promise<Handle> => {
      for (let tries = 1; ; tries++) {
        const manager = await skynet.await(owner());
        if (manager === skynet.self())
          return command === 'LAUNCH' ? launchHere(`@${name}`, args) : query(key);
        try {
          const handle = await ask(command, `@${name}`, args, manager);
          // Once it is gone somebody else may start it.
          skynet.watch(handle, () => forgetHandle(key, handle));
          return handle;
        } catch (error) {
          // Its node is lost: whoever gets the name now.
          if (tries === TAKEOVERS || !isSkynetError(error, 'ERR_NODE_LOST')) throw error;
          await skynet.sleep(TAKEOVER_PAUSE);
        }
      }
    };

    const forgetHandle = (key: string, handle: Handle): void => {
      const entry = entries.get(key);
      if (entry?.handle === handle) delete entry.handle;
    };

    /** The service that the network has once, in a network without a master. */
    const atPeers = (
      given: NetworkNames,
      command: 'LAUNCH' | 'QUERY',
      name: string,
      args: LaunchArgument[],
    ): Promise<Handle> => {
      const key = keyOf(`@${name}`, args);
      const entry = entryOf(key);
      if (entry.handle !== undefined) return Promise.resolve(entry.handle);
      const owner = command === 'LAUNCH' ? () => given.claim(key, skynet.self()) : () => given.owner(key);
      return askOwner(key, command, name, args, owner);
    };

    const list = (): Record<string, string> =>
      Object.fromEntries([...entries].map(([key, entry]) => [key, describeEntry(skynet, entry)]));

    /** What the others have, under `name@node`. */
    const listOthers = async (): Promise<Record<string, string>> => {
      const all: Record<string, string> = {};
      for (const member of members) {
        const { harbor } = skynet.harbor(member);
        try {
          const theirs = await skynet.call<Record<string, string>>(member, 'lua', 'LIST');
          for (const [name, text] of Object.entries(theirs)) all[`${name}@${harbor}`] = text;
        } catch {
          // Its node is lost, and what it had with it.
        }
      }
      return all;
    };

    const isMember = role === 'member';
    const commands: Record<string, (...args: never[]) => unknown> = {
      LAUNCH: (name: string, ...args: LaunchArgument[]) => launchHere(name, args),
      GLAUNCH: (name: string, ...args: LaunchArgument[]) =>
        names !== undefined
          ? atPeers(names, 'LAUNCH', name, args)
          : isMember
            ? launch(keyOf(`@${name}`, args), () => ask('LAUNCH', `@${name}`, args))
            : launchHere(`@${name}`, args),
      QUERY: (name: string, ...args: string[]) => query(keyOf(name, args)),
      GQUERY: (name: string, ...args: string[]) =>
        names !== undefined
          ? atPeers(names, 'QUERY', name, args)
          : isMember
            ? launch(keyOf(`@${name}`, args), () => ask('QUERY', `@${name}`, args))
            : query(keyOf(`@${name}`, args)),
      FORGET: (name: string) => {
        const entry = entries.get(name);
        if (entry?.handle === undefined) return false;
        delete entry.handle;
        return true;
      },
      LIST: async () => (role === 'master' ? { ...(await listOthers()), ...list() } : list()),
      REPORT: (member: Handle) => void members.add(member),
    };

    skynet.dispatch('lua', (request: Request, name: string, ...args: never[]) => {
      const command = Object.hasOwn(commands, name) ? commands[name] : undefined;
      // Other nodes, which may be the original's, get a failure as text behind a nil.
      if (skynet.harbor(request.source).remote) return answerNode(request, name, command, args);
      if (command !== undefined) return command(...args);
      throw new SkynetError('ERR_UNKNOWN_COMMAND', `Unknown command ${String(name)}`, {
        details: { command: String(name) },
      });
    });

    if (role === 'master') skynet.register(GLOBAL_NAME);
    // Where that is not known yet it waits, and the start of the node with it.
    else if (isMember) await skynet.call(GLOBAL_NAME, 'lua', 'REPORT', skynet.self());
  });
}

async function answerNode(
  request: Request,
  name: string,
  command: ((...args: never[]) => unknown) | undefined,
  args: never[],
): Promise<void> {
  try {
    if (command === undefined) request.ret(undefined, `Invalid command ${String(name)}`);
    else request.ret(await command(...args));
  } catch (error) {
    request.ret(undefined, error instanceof Error ? error.message : String(error));
  }
}

/** Name of what is started, without the mark of those that the network has once. */
function nameOf(name: string): string {
  return name.startsWith('@') ? name.slice(1) : name;
}

/** Scripts of snax are told apart, though one service runs them all. */
function keyOf(name: string, args: readonly unknown[]): string {
  return nameOf(name) === SNAXD ? `${name}.${String(args[0])}` : name;
}

function describeEntry(skynet: Skynet, entry: Entry): string {
  if (entry.handle !== undefined) return skynet.address(entry.handle);
  return entry.launching === undefined
    ? `waited for by ${entry.waiting.length}`
    : `launching by ${formatHandle(skynet.self())}`;
}

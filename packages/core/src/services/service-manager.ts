import type { LaunchArgument, ServiceDefinition, Skynet } from '../contracts/skynet.ts';
import { defineService } from '../define.ts';
import { formatHandle, type Handle } from '../handle.ts';

/** A unique service: running, being started, or waited for. */
interface Entry {
  handle?: Handle;
  launching?: Promise<Handle>;
  /** Tokens of the tasks that wait for somebody to start it. */
  readonly waiting: object[];
}

/** Services that exist once (book §4.2): `.service` of the original. Names with `@` are those of the whole network. */
export const serviceManager: ServiceDefinition = defineService((skynet) => {
  skynet.register('.service');
  const entries = new Map<string, Entry>();

  const entryOf = (name: string): Entry => {
    let entry = entries.get(name);
    if (entry === undefined) {
      entry = { waiting: [] };
      entries.set(name, entry);
    }
    return entry;
  };

  const start = async (entry: Entry, name: string, args: LaunchArgument[]): Promise<Handle> => {
    try {
      entry.handle = await skynet.newService({ name, thread: 'spread' }, ...args);
      return entry.handle;
    } finally {
      // A failure is not remembered: the next request starts it again (the original fails for ever).
      delete entry.launching;
      for (const token of entry.waiting.splice(0)) skynet.wakeup(token);
    }
  };

  const launch = async (key: string, name: string, args: LaunchArgument[]): Promise<Handle> => {
    const entry = entryOf(key);
    if (entry.handle !== undefined) return entry.handle;
    if (entry.launching === undefined) {
      entry.launching = start(entry, name, args);
      return entry.launching;
    }
    return skynet.await(entry.launching);
  };

  const query = async (key: string): Promise<Handle> => {
    const entry = entryOf(key);
    while (entry.handle === undefined) {
      const token = {};
      entry.waiting.push(token);
      await skynet.wait(token);
    }
    return entry.handle;
  };

  return {
    LAUNCH: (name: string, ...args: LaunchArgument[]) => launch(name, name, args),
    GLAUNCH: (name: string, ...args: LaunchArgument[]) => launch(`@${name}`, name, args),
    QUERY: (name: string) => query(name),
    GQUERY: (name: string) => query(`@${name}`),
    FORGET: (name: string) => {
      const entry = entries.get(name);
      if (entry?.handle === undefined) return false;
      delete entry.handle;
      return true;
    },
    LIST: () => Object.fromEntries([...entries].map(([name, entry]) => [name, describeEntry(skynet, entry)])),
  };
});

function describeEntry(skynet: Skynet, entry: Entry): string {
  if (entry.handle !== undefined) return skynet.address(entry.handle);
  return entry.launching === undefined
    ? `waited for by ${entry.waiting.length}`
    : `launching by ${formatHandle(skynet.self())}`;
}

import type { LaunchArgument, Request, ServiceDefinition } from '../contracts/skynet.ts';
import { defineService } from '../define.ts';
import { SkynetError } from '../errors.ts';
import { formatHandle, type Handle, parseHandle } from '../handle.ts';

/** What lives in a node. */
export interface NodeList {
  /** Handle and title of every service, lowest handle first. */
  readonly services: readonly (readonly [Handle, string])[];
  /** Threads that did not answer. */
  readonly silent: readonly number[];
}

/** What the launcher asks of the main thread. */
export interface LauncherHost {
  readonly router: { isAlive(handle: Handle): boolean };
  /** What lives in all threads. One that does not answer within a second is named instead. */
  listAll(): Promise<NodeList>;
  /** Lets later starts see changed files. */
  clearCache(): void;
}

/** Bookkeeping of the node's services, for consoles and tools (the original's `.launcher`). */
export function createLauncher(host: LauncherHost): ServiceDefinition {
  return defineService((skynet) => {
    skynet.register('.launcher');
    const listed = async (): Promise<{ services: { handle: number; title: string }[]; silent: string[] }> => {
      const { services, silent } = await skynet.await(host.listAll());
      return {
        services: services
          .filter(([, title]) => title.startsWith('snlua'))
          .map(([handle, title]) => ({ handle, title })),
        silent: silent.map((thread) => `thread ${thread}`),
      };
    };

    const handleOf = (address: unknown): number => {
      const handle = typeof address === 'number' ? address : parseHandle(String(address));
      if (handle === undefined || !host.router.isAlive(handle)) {
        throw new SkynetError('ERR_NO_SERVICE', `no service ${String(address)}`, {
          details: { service: String(address) },
        });
      }
      return handle;
    };

    const titleOf = async (handle: number): Promise<string> =>
      (await listed()).services.find((entry) => entry.handle === handle)?.title ?? '';

    /** Asks every service a debug question; those that do not answer in time show so. */
    const askAll = async (question: string, timeout: number): Promise<Record<string, unknown>> => {
      const answers: Record<string, unknown> = {};
      const { services, silent } = await listed();
      for (const thread of silent) answers[thread] = 'TIMEOUT';
      const others = services.filter(({ handle }) => handle !== skynet.self());
      const group = skynet.request({ timeout: timeout > 0 ? timeout : '1h' });
      for (const { handle } of others) {
        answers[formatHandle(handle)] = 'TIMEOUT';
        group.add(handle, 'debug', question);
      }
      for await (const outcome of group) {
        const key = formatHandle((others[outcome.request] as { handle: number }).handle);
        answers[key] = outcome.ok ? outcome.values[0] : 'ERROR';
      }
      return answers;
    };

    return {
      async LIST() {
        const { services, silent } = await listed();
        return Object.fromEntries([
          ...services.map(({ handle, title }) => [formatHandle(handle), title]),
          ...silent.map((thread) => [thread, 'TIMEOUT']),
        ]);
      },
      STAT: (timeout = 300) => askAll('STAT', timeout),
      MEM: (timeout = 300) => askAll('MEM', timeout),
      async GC(timeout = 300) {
        await askAll('GC', timeout);
        return askAll('MEM', timeout);
      },
      async KILL(this: Request, address: unknown) {
        const handle = handleOf(address);
        const title = await titleOf(handle);
        skynet.kill(handle);
        return { [formatHandle(handle)]: title };
      },
      QUERY: (address: unknown) => titleOf(handleOf(address)),
      LAUNCH: (_kind: string, name: string, ...args: LaunchArgument[]) => skynet.newService(name, ...args),
      CLEARCACHE: () => host.clearCache(),
    };
  });
}

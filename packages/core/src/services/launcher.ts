import { messageOf } from '../codec/error.ts';
import type { LaunchArgument } from '../contracts/launch.ts';
import type { DrainReport } from '../contracts/moves.ts';
import type { PlacementReport } from '../contracts/placement.ts';
import type { Request } from '../contracts/request.ts';
import type { ServiceDefinition } from '../contracts/skynet.ts';
import { defineService } from '../define.ts';
import { isSkynetError, SkynetError } from '../errors.ts';
import { formatHandle, type Handle, parseHandle } from '../handle.ts';
import { type PlacementHost, threadsOf } from './placement.ts';

/** What lives in a node. */
export interface NodeList {
  /** Handle and title of every service, lowest handle first. */
  readonly services: readonly (readonly [Handle, string])[];
  /** Threads that did not answer. */
  readonly silent: readonly number[];
}

/** What the launcher asks of the main thread. */
export interface LauncherHost extends PlacementHost {
  readonly router: { isAlive(handle: Handle): boolean; threadOf(handle: Handle): number };
  /** Whether the node learns where services belong. */
  readonly isLearning: boolean;
  /** Puts nothing new there unless it is asked to. */
  spare(thread: number): void;
  /** The thread whose turn it is for something new; undefined if there is none but those that are spared or held. */
  freeThread(): number | undefined;
  /** What lives in all threads. One that does not answer within a second is named instead. */
  listAll(): Promise<NodeList>;
  /** Lets later starts see changed files. */
  clearCache(): void;
}

/** Milliseconds that what a service works on may take to end before it moves. */
const DRAIN_PATIENCE = 5000;
/** Services that leave a thread at the same time. */
const MOVES_AT_ONCE = 8;

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

    /** Moves what lives in a thread to the others. */
    const drain = async (thread: number, patience: number): Promise<DrainReport> => {
      if (!(Number.isInteger(thread) && thread >= 0 && thread < host.threads))
        throw new SkynetError('ERR_ARGUMENT', `no thread ${String(thread)}: there are ${host.threads}`);
      host.spare(thread);
      const { services } = await skynet.await(host.listAll());
      const waiting = services.filter(([handle]) => host.router.threadOf(handle) === thread);
      const moved: DrainReport['moved'][number][] = [];
      const stayed: DrainReport['stayed'][number][] = [];
      const moveNext = async (): Promise<void> => {
        for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
          const [handle, title] = next;
          try {
            const to = host.freeThread();
            if (to === undefined)
              throw new SkynetError('ERR_MOVE', 'there is no thread to move to', {
                details: { reason: 'thread' },
              });
            await skynet.move(handle, { thread: to, patience: patience / 10 });
            moved.push({ handle, title, thread: to });
          } catch (error) {
            if (!host.router.isAlive(handle)) continue;
            const { code, details } = error as SkynetError;
            const reason = isSkynetError(error, 'ERR_MOVE') ? String(details?.['reason']) : 'failed';
            stayed.push({ handle, title, code, reason, text: messageOf(error) });
          }
        }
      };
      await Promise.all(Array.from({ length: MOVES_AT_ONCE }, moveNext));
      const byHandle = (a: { handle: Handle }, b: { handle: Handle }): number => a.handle - b.handle;
      return { moved: moved.sort(byHandle), stayed: stayed.sort(byHandle) };
    };

    return {
      DRAIN: (thread: number, patience = DRAIN_PATIENCE) => drain(Number(thread), Number(patience)),
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
      PLACEMENT: (): Promise<PlacementReport> =>
        host.isLearning ? skynet.call('.placement', 'lua', 'REPORT') : skynet.await(threadsOf(host)),
      CLEARCACHE: () => host.clearCache(),
    };
  });
}

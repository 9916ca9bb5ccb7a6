import { type FSWatcher, watch } from 'node:fs';
import path from 'node:path';
import { kernelOf } from '../actor/context.ts';
import type { ServiceLoader } from '../actor/loader.ts';
import { textOf } from '../codec/error.ts';
import type { ServiceDefinition, Skynet } from '../contracts/skynet.ts';
import { defineService } from '../define.ts';
import { formatHandle, type Handle, parseHandle } from '../handle.ts';
import { filesOf } from '../module-graph.ts';

/** Hundredths of a second that changes are gathered: editors write a file in several steps. */
const GATHER = 5;
/** The same until files of services that have been started meanwhile are known. */
const LOOK = 100;

/** The service that runs scripts of snax. */
const SNAXD = 'snaxd';

/** The same until the first of them are. */
const FIRST_LOOK = 20;

/** A running service, and the file of its module. */
interface Running {
  readonly handle: Handle;
  readonly title: string;
  readonly file: string;
}

/**
 * Reloads services whose files change, while one develops (`skynet --watch`): exactly those that use a changed file, in
 * every thread, with their state where they hand it over. What cannot be loaded leaves the old code at work.
 */
export function createWatcher(loader: ServiceLoader): ServiceDefinition {
  return defineService(async (skynet) => {
    const watchers = new Map<string, FSWatcher>();
    const changed = new Set<string>();
    kernelOf(skynet).own(() => {
      for (const watcher of watchers.values()) watcher.close();
    });
    let gathering = false;

    const note = (file: string): void => {
      changed.add(file);
      if (gathering) return;
      gathering = true;
      kernelOf(skynet).enqueue(async () => {
        await skynet.sleep(GATHER);
        gathering = false;
        const files = new Set(changed);
        changed.clear();
        await reloadUsers(skynet, loader, files);
        await look();
      });
    };

    /** Watches the folders of all files that running services use. */
    const look = async (): Promise<void> => {
      for (const { file } of await running(skynet, loader)) {
        for (const each of partsOf(file)) {
          const folder = path.dirname(each);
          if (watchers.has(folder)) continue;
          const watcher = watch(folder, (_event, name) => {
            if (name !== null) note(path.join(folder, name));
          });
          watcher.on('error', () => {
            watcher.close();
            watchers.delete(folder);
          });
          watchers.set(folder, watcher);
          skynet.error(`watches ${folder}`);
        }
      }
    };

    skynet.timeout(FIRST_LOOK, look);
    skynet.interval(LOOK, look);
  });
}

/** Services whose module is a file that somebody may change. */
async function running(skynet: Skynet, loader: ServiceLoader): Promise<Running[]> {
  const titles = await skynet.call<Record<string, string>>('.launcher', 'lua', 'LIST');
  return Object.entries(titles).flatMap(([address, title]) => {
    const handle = parseHandle(address);
    const [, name = '', script = ''] = title.split(' ');
    if (handle === undefined || loader.isProvided(name)) return [];
    try {
      return [
        { handle, title, file: name === SNAXD ? scriptFile(skynet, loader, script) : loader.find(name) },
      ];
    } catch {
      // It was started from a definition, or its file is gone.
      return [];
    }
  });
}

/** The file of a snax service is its script. */
function scriptFile(skynet: Skynet, loader: ServiceLoader, script: string): string {
  const patterns = skynet.getenv('snax') ?? skynet.getenv('services') ?? '';
  return loader.along(patterns.split(';')).find(script);
}

function partsOf(file: string): string[] {
  try {
    return [...filesOf(file).keys()];
  } catch {
    // Between two steps of an editor there may be no file.
    return [file];
  }
}

async function reloadUsers(
  skynet: Skynet,
  loader: ServiceLoader,
  changed: ReadonlySet<string>,
): Promise<void> {
  const users = (await running(skynet, loader)).filter(({ file }) =>
    partsOf(file).some((part) => changed.has(part)),
  );
  if (users.length === 0) return;
  // What starts from now on, in whichever thread, has the new code.
  await skynet.call('.launcher', 'lua', 'CLEARCACHE');
  for (const { handle, title } of users) {
    try {
      await skynet.reload(handle);
    } catch (error) {
      skynet.error(
        `${formatHandle(handle)} ${title} keeps its code: ${textOf(error)}${await placeIn(skynet, changed)}`,
      );
    }
  }
}

/** Where a syntax error is. Node tells of it only where it ends with it, so it is asked to look at the files once more. */
async function placeIn(skynet: Skynet, files: Iterable<string>): Promise<string> {
  for (const file of files) {
    if (!/\.m?js$/.test(file)) continue;
    const told = await skynet.await(
      new Promise<string>((resolve) => {
        process
          .getBuiltinModule('node:child_process')
          .execFile(process.execPath, ['--check', file], (_error, _stdout, stderr) => resolve(stderr));
      }),
    );
    const [place] = told.split('\n', 1);
    if (place?.startsWith(file) || place?.startsWith('file:')) return ` (${place})`;
  }
  return '';
}

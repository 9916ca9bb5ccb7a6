import {
  closeSync,
  fstatSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { SkynetError } from '../errors.ts';
import { isSame, lookAt, takeAway } from '../left-over.ts';

/** Milliseconds that a process may take between making its file and writing its number into it. */
const WRITING = 5000;

/**
 * Writes this process' id to a file that goes when the process ends; one that a dead process left is replaced. The
 * process keeps the file open: that is how others know that it is its process, and not another that got its number.
 * @throws ERR_CONFIG when the process in the file lives, or the file cannot be written.
 */
export function claimPidFile(file: string): void {
  while (!create(file)) {
    const seen = lookAt(file);
    if (seen === undefined) continue;
    const pid = owner(file);
    if (pid !== undefined) {
      const text =
        pid === 0 ? `another process has just made ${file}` : `process ${pid} of ${file} is running`;
      throw new SkynetError('ERR_CONFIG', `daemon: ${text}`, { details: { pid } });
    }
    attempt(() => takeAway(file, seen));
  }
}

/** Makes the file, if there is none. */
function create(file: string): boolean {
  return attempt(() => {
    let descriptor: number;
    try {
      descriptor = openSync(file, 'wx');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
      throw error;
    }
    writeSync(descriptor, `${process.pid}\n`);
    const own = fstatSync(descriptor, { bigint: true });
    process.on('exit', () => {
      // Not that of another, should somebody have removed this one.
      const there = lookAt(file);
      if (there !== undefined && there.ino === own.ino && there.dev === own.dev)
        rmSync(file, { force: true });
      closeSync(descriptor);
    });
    return true;
  });
}

function attempt<Result>(act: () => Result): Result {
  try {
    return act();
  } catch (error) {
    throw new SkynetError('ERR_CONFIG', `daemon: ${(error as Error).message}`, { cause: error });
  }
}

/** The process whose file it is, if it lives; 0 for one that has not written its number yet. */
function owner(file: string): number | undefined {
  let text: string;
  try {
    text = readFileSync(file, 'utf8').trim();
  } catch {
    return undefined;
  }
  if (text === '') return Date.now() - Number(lookAt(file)?.mtimeMs ?? 0) < WRITING ? 0 : undefined;
  const pid = Number(text);
  if (!Number.isInteger(pid) || pid <= 0 || pid === process.pid) return undefined;
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return undefined;
  }
  return hasOpen(pid, file) ? pid : undefined;
}

/** Whether a process has a file open; true where the system does not tell. */
function hasOpen(pid: number, file: string): boolean {
  const folder = `/proc/${pid}/fd`;
  let descriptors: string[];
  try {
    descriptors = readdirSync(folder);
  } catch {
    return true;
  }
  const seen = lookAt(file);
  return descriptors.some((descriptor) => {
    const open = statSync(`${folder}/${descriptor}`, { bigint: true, throwIfNoEntry: false });
    return seen !== undefined && open !== undefined && isSame(open, seen);
  });
}

import {
  closeSync,
  linkSync,
  lstatSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';

/** Milliseconds between two trials. */
const RETRY = 200;
/** Milliseconds after which a lock counts as left where the system does not tell who has it. */
const OLD = 600_000;

/**
 * Does work that one process may do at a time, those that it starts with `descriptor` included. The lock is a file that
 * is kept open: a process that is killed gives it up, whatever it leaves behind.
 */
export function locked(file, work) {
  const sleep = new Int32Array(new SharedArrayBuffer(4));
  let descriptor = create(file);
  while (descriptor === undefined) {
    const seen = look(file);
    if (seen !== undefined && isLeft(file, seen)) takeAway(file, seen);
    else Atomics.wait(sleep, 0, 0, RETRY);
    descriptor = create(file);
  }
  try {
    return work(descriptor);
  } finally {
    rmSync(file, { force: true });
    closeSync(descriptor);
  }
}

function create(file) {
  try {
    const descriptor = openSync(file, 'wx');
    writeSync(descriptor, `${process.pid}\n`);
    return descriptor;
  } catch (error) {
    if (error.code === 'EEXIST') return undefined;
    throw error;
  }
}

function look(file) {
  return lstatSync(file, { bigint: true, throwIfNoEntry: false });
}

/** Whether nobody has a lock that is there. */
function isLeft(file, lock) {
  const holders = processes();
  if (holders !== undefined) return !holders.some((pid) => hasOpen(pid, lock));
  try {
    process.kill(Number(readFileSync(file, 'utf8')), 0);
  } catch (error) {
    if (error.code === 'ESRCH') return true;
  }
  return Date.now() - Number(lock.mtimeMs) > OLD;
}

/** Removes a lock that was left, unless another is in its place by now: several may find out at once. */
function takeAway(file, seen) {
  const aside = `${file}.${process.pid}`;
  try {
    renameSync(file, aside);
    const taken = look(aside);
    if (taken.ino !== seen.ino || taken.mtimeNs !== seen.mtimeNs) linkSync(aside, file);
  } catch (error) {
    if (error.code !== 'ENOENT' && error.code !== 'EEXIST') throw error;
  }
  rmSync(aside, { recursive: true, force: true });
}

/** Numbers of all processes, where the system shows them. */
function processes() {
  try {
    return readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  } catch {
    return undefined;
  }
}

function hasOpen(pid, { dev, ino }) {
  const folder = `/proc/${pid}/fd`;
  try {
    return readdirSync(folder).some((name) => {
      const open = statSync(`${folder}/${name}`, { bigint: true, throwIfNoEntry: false });
      return open !== undefined && open.dev === dev && open.ino === ino;
    });
  } catch {
    // It has ended, or is somebody else's.
    return false;
  }
}

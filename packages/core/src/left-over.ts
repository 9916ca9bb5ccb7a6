import { type BigIntStats, linkSync, lstatSync, renameSync, unlinkSync } from 'node:fs';

/** A file as it is now, to know it again; undefined if there is none. */
export function lookAt(file: string): BigIntStats | undefined {
  return lstatSync(file, { bigint: true, throwIfNoEntry: false });
}

/** Whether two looks saw one file. Its number alone may have been given to another that came in its place. */
export function isSame(a: BigIntStats, b: BigIntStats): boolean {
  return a.dev === b.dev && a.ino === b.ino && a.mtimeNs === b.mtimeNs;
}

/**
 * Removes a file that a dead process has left, as it was seen when that was found out. One that somebody else has put in
 * its place meanwhile stays: several processes may find out at once.
 */
export function takeAway(file: string, seen: BigIntStats): void {
  const aside = `${file}.${process.pid}.old`;
  try {
    renameSync(file, aside);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
    throw error;
  }
  const taken = lookAt(aside);
  if (taken === undefined) return;
  if (!isSame(taken, seen)) giveBack(aside, file);
  unlinkSync(aside);
}

function giveBack(aside: string, file: string): void {
  try {
    linkSync(aside, file);
  } catch {
    // There is a third one.
  }
}

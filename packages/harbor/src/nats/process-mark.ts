import { readFileSync, readlinkSync } from 'node:fs';

// Which process a node is, in a way that another on the same machine can look for.

/** The machine since it was started, and the table its processes are numbered in; empty where that cannot be said. */
function place(): string {
  try {
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    return `${boot} ${readlinkSync('/proc/self/ns/pid')}`;
  } catch {
    return '';
  }
}

/** Mark of this process. */
export function processMark(): string {
  return `${process.pid} ${place()}`;
}

/** Whether the process with this mark was one of this machine and is surely gone. */
export function isGoneFromHere(mark: string): boolean {
  const [, pid, where] = /^(\d+) (.+)$/.exec(mark) ?? [];
  if (pid === undefined || where !== place()) return false;
  try {
    process.kill(Number(pid), 0);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ESRCH';
  }
}

import { describe } from '../actor/failure.ts';
import { isExit } from '../actor/task.ts';
import { isSkynetError } from '../errors.ts';
import type { Handle } from '../handle.ts';

// What services throw besides their turns must take neither their thread nor the process with it: it becomes a log line.

/** Where stray errors are told of. */
interface Log {
  log(source: Handle, text: string): void;
}

/** Logs a rejection that nobody handles. What a task ends with that outlives its service is none. */
export function logRejection(log: Log, reason: unknown): void {
  if (isSkynetError(reason, 'ERR_SERVICE_ENDED') || isExit(reason)) return;
  log.log(0, `unhandled rejection: ${describe(reason)}`);
}

/** Logs an exception that no service threw in a turn of its own (a timer of the host's, say). */
export function logUncaught(log: Log, error: unknown): void {
  log.log(0, `uncaught: ${describe(error)}`);
}

/** A node, as far as it has to do with its process. */
export interface Inhabitant {
  readonly mainThread: Log;
  /** Somebody ends the process at once: writes what waits to be logged. */
  lastWords(): void;
}

const inhabitants = new Set<Inhabitant>();

/** The one that tells of what belongs to nobody. */
function firstInhabitant(): Inhabitant | undefined {
  return inhabitants.values().next().value;
}

function rejected(reason: unknown): void {
  const node = firstInhabitant();
  if (node !== undefined) logRejection(node.mainThread, reason);
}

function exiting(): void {
  for (const node of inhabitants) node.lastWords();
}

/** A node runs in this process from now on. */
export function enterProcess(node: Inhabitant): void {
  if (inhabitants.size === 0) {
    process.on('unhandledRejection', rejected);
    process.on('exit', exiting);
  }
  inhabitants.add(node);
}

/** It has stopped. */
export function leaveProcess(node: Inhabitant): void {
  if (!inhabitants.delete(node) || inhabitants.size > 0) return;
  process.off('unhandledRejection', rejected);
  process.off('exit', exiting);
}

/** As {@link logUncaught} where the node that runs logs; false without one. */
export function reportUncaught(error: unknown): boolean {
  const node = firstInhabitant();
  if (node !== undefined) logUncaught(node.mainThread, error);
  return node !== undefined;
}

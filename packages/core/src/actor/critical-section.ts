import type { CriticalSection } from '../contracts/task.ts';
import { SkynetError } from '../errors.ts';
import { mustBeFunction } from './failure.ts';

/** What a critical section asks of its service: which task runs, and a way to suspend it. */
export interface SectionTasks {
  /** The running task; undefined outside every turn, after a foreign promise was awaited. */
  current(): object | undefined;
  /** Suspends what runs, as the task that it goes on as; the function lets it go on. */
  suspend(): { task: object; promise: Promise<void>; resume: () => void };
  /** Whether a task waits for something that is the framework's. */
  isSuspended(task: object): boolean;
}

/**
 * One lock (`skynet.queue`, book §7.11): functions run strictly one after another in the order of their coming, also
 * while the holder is suspended. The task that holds the lock may enter again; a task forked inside may not.
 *
 * Who enters outside every turn is taken back into one, as a task of its own. It might be the holder, on its way after it
 * has awaited a foreign promise: where that cannot be ruled out it would wait for itself, so it is refused.
 */
export function createCriticalSection(tasks: SectionTasks): CriticalSection {
  let holder: object | undefined;
  let depth = 0;
  const waiting: { task: object; resume: () => void }[] = [];

  const leave = (): void => {
    if (--depth > 0) return;
    // The lock passes on without ever being free, so that nobody who comes later can overtake.
    const next = waiting.shift();
    holder = next?.task;
    if (next === undefined) return;
    depth = 1;
    next.resume();
  };

  return async <Args extends unknown[], Result>(
    work: (...args: Args) => Result | Promise<Result>,
    ...args: Args
  ): Promise<Awaited<Result>> => {
    mustBeFunction(work);
    const task = tasks.current();
    if (task === undefined && holder !== undefined && !tasks.isSuspended(holder)) throw lostTask();
    if (holder !== undefined && holder === task) depth++;
    else if (holder === undefined && task !== undefined) {
      holder = task;
      depth = 1;
    } else {
      const turn = tasks.suspend();
      const place = { task: turn.task, resume: turn.resume };
      if (holder === undefined) {
        holder = turn.task;
        depth = 1;
        turn.resume();
      } else waiting.push(place);
      try {
        await turn.promise;
      } catch (signal) {
        // Killed while it waited, or when the lock had just been passed to it.
        const index = waiting.indexOf(place);
        if (index < 0) leave();
        else waiting.splice(index, 1);
        throw signal;
      }
    }
    try {
      return await work(...args);
    } finally {
      leave();
    }
  };
}

function lostTask(): SkynetError {
  return new SkynetError(
    'ERR_OUTSIDE_TURN',
    'which task enters the critical section is not known: it has awaited a promise that is not the framework’s. Await that with skynet.await',
  );
}

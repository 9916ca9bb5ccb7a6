import type { CriticalSection } from '../contracts/skynet.ts';

/** What a critical section asks of its service: which task runs, and a way to suspend it. */
export interface SectionTasks {
  /** The running task. */
  current(): object;
  /** Suspends the running task; the function lets it go on. */
  suspend(): { promise: Promise<void>; resume: () => void };
}

/**
 * One lock (`skynet.queue`, book §7.11): functions run strictly one after another in the order of their coming, also
 * while the holder is suspended. The task that holds the lock may enter again; a task forked inside may not.
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
    const task = tasks.current();
    if (holder === task) depth++;
    else if (holder === undefined) {
      holder = task;
      depth = 1;
    } else {
      const turn = tasks.suspend();
      const place = { task, resume: turn.resume };
      waiting.push(place);
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

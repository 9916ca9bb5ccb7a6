import { threadId } from 'node:worker_threads';
import type { Task } from '../contracts/task.ts';
import type { Handle } from '../handle.ts';
import { ITEM, type MailboxItem } from './mailbox.ts';

// Tasks of different threads are never taken for each other.
let lastId = threadId * 2 ** 32;

function taskName(id: number): string {
  return `thread: 0x${id.toString(16).padStart(12, '0')}`;
}

/** Work with its arguments: a fork, an event from a driver, the start of the service. */
export class WorkTask implements Task, MailboxItem {
  readonly type: number = ITEM.TASK;
  next: MailboxItem | undefined = undefined;
  readonly work: (...args: never[]) => unknown;
  readonly args: readonly unknown[];
  #id = 0;

  constructor(work: (...args: never[]) => unknown, args: readonly unknown[]) {
    this.work = work;
    this.args = args;
  }

  get id(): number {
    if (this.#id === 0) this.#id = ++lastId;
    return this.#id;
  }

  toString(): string {
    return taskName(this.id);
  }
}

/** Nobody waits any more for the answer to a request. */
export class CancelTask extends WorkTask {
  readonly source: Handle;
  readonly session: number;

  constructor(cancel: (task: CancelTask) => void, source: Handle, session: number) {
    super(() => cancel(this), []);
    this.source = source;
    this.session = session;
  }
}

/** Stands for a task that is not a fork (a request, a timer callback) when somebody asks for it. */
class NamedTask implements Task {
  readonly id: number = ++lastId;
  /** What it stands for; itself if that is nothing known. */
  readonly work: object;

  constructor(work?: object) {
    this.work = work ?? this;
  }

  toString(): string {
    return taskName(this.id);
  }
}

const named = new WeakMap<object, Task>();

/** The task a piece of running work shows to users. The same work always gives the same task. */
export function taskOf(work: object): Task {
  if (work instanceof WorkTask || work instanceof NamedTask) return work;
  let task = named.get(work);
  if (task === undefined) {
    task = new NamedTask(work);
    named.set(work, task);
  }
  return task;
}

/**
 * What a token stands for: a task for its work, everything else for itself. So a task that waits need not be given a
 * name, which costs more than the wait.
 */
export function workOf(token: unknown): unknown {
  return token instanceof NamedTask ? token.work : token;
}

/** A task for code that runs outside every turn, after it awaited something foreign. */
export function unknownTask(): Task {
  return new NamedTask();
}

/** What `exit()` throws so that nothing after it runs. Not an error: it is never logged and never an answer. */
export class ExitSignal {
  toString(): string {
    return 'the service ends here (skynet.exit); let this pass';
  }
}

/** Whether that was thrown to end a task. Asks nothing of what was thrown: it may be a proxy that throws in turn. */
export function isExit(thrown: unknown): thrown is ExitSignal {
  try {
    return thrown instanceof ExitSignal;
  } catch {
    return false;
  }
}

/** What a task that `killTask` ends gets from whatever it waits for. Treated as {@link ExitSignal}. */
export class KillSignal extends ExitSignal {
  override toString(): string {
    return 'the task ends here (skynet.killTask); let this pass';
  }
}

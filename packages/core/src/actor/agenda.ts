import { Mailbox } from './mailbox.ts';
import type { Pending } from './pending.ts';
import type { WorkTask } from './task.ts';

/** Tasks of a service that are about to go on or to begin, before its next message: first those that were woken, then forks. */
export class Agenda {
  /** How many there are. */
  length = 0;
  #woken: Mailbox<Pending> | undefined = undefined;
  #forks: Mailbox<WorkTask> | undefined = undefined;

  /** A task that was woken. */
  wake(pending: Pending): void {
    this.#woken ??= new Mailbox();
    this.#woken.push(pending);
    this.length++;
  }

  fork(task: WorkTask): void {
    this.#forks ??= new Mailbox();
    this.#forks.push(task);
    this.length++;
  }

  /** Takes the next one out. */
  shift(): Pending | WorkTask | undefined {
    const task = this.#woken?.shift() ?? this.#forks?.shift();
    if (task !== undefined) this.length--;
    return task;
  }

  /** Takes a fork out. Whether it was there. */
  remove(task: WorkTask): boolean {
    const wasThere = this.#forks?.remove(task) ?? false;
    if (wasThere) this.length--;
    return wasThere;
  }

  clear(): void {
    this.#woken = undefined;
    this.#forks = undefined;
    this.length = 0;
  }

  /** Those that were woken, first first. */
  get woken(): Iterable<Pending> {
    return this.#woken ?? [];
  }
}

import type { SuspendedTask, Task } from '../contracts/task.ts';
import { failedWait } from './failure.ts';
import type { Pending } from './pending.ts';
import { ActiveRequest, ANSWER } from './request.ts';
import type { Service } from './service.ts';
import { KillSignal, taskOf, WorkTask } from './task.ts';

// Tasks of a service that wait: seen and ended from outside.

/** Suspended tasks, by what they wait for; oldest first. A task that waits for several things is there for each. */
export function suspendedTasks(service: Service): SuspendedTask[] {
  return service.sessions.all().map((pending) => ({
    task: taskOf(pending.task ?? pending),
    session: pending.session,
    waitsFor: pending.dest,
  }));
}

/** Ends a task that is suspended, woken or not begun. Whether there was one. */
export function killTask(service: Service, task: Task): boolean {
  if (task instanceof WorkTask && service.removeFork(task)) return true;
  const waits = [...service.sessions.all(), ...service.woken].filter(
    (pending) => taskOf(pending.task ?? pending) === task,
  );
  for (const pending of waits) kill(service, pending);
  return waits.length > 0;
}

/** Ends the task that waits under this session. Whether there was one. */
export function killSession(service: Service, session: number): boolean {
  const pending = service.sessions.all().find((other) => other.session === session);
  if (pending !== undefined) kill(service, pending);
  return pending !== undefined;
}

/** Lets a suspended task go on with the signal that ends it, so that its `finally` blocks run. */
function kill(service: Service, pending: Pending): void {
  const { task, token } = pending;
  if (task instanceof ActiveRequest && task.session !== 0 && task.state === ANSWER.OPEN) {
    task.state = ANSWER.DONE;
    service.answerError(task, failedWait('ERR_ABORTED', 'the task that worked on it was killed'));
  }
  if (token !== undefined) service.forgetToken(pending);
  const isWoken = !service.sessions.has(pending.session);
  service.giveUp(pending, new KillSignal());
  if (isWoken || pending.queuedToResume) return;
  pending.markQueued();
  service.push(pending);
}

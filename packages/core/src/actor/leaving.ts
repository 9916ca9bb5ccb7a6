import type { EndReason } from '../contracts/ending.ts';
import { type Service, STATE } from './service.ts';
import { WorkTask } from './task.ts';

// How a service ends in good order: what it has registered for that runs first.

/** Whether it has something to do before it ends. */
export function hasExitHooks(service: Service): boolean {
  return (service.extrasSoFar?.exitHooks?.length ?? 0) > 0;
}

/** Runs the exit hooks, last registered first. */
export async function runExitHooks(service: Service): Promise<void> {
  const hooks = service.extrasSoFar?.exitHooks ?? [];
  for (let hook = hooks.pop(); hook !== undefined; hook = hooks.pop()) {
    try {
      await hook();
    } catch (thrown) {
      service.taskFailed(thrown);
    }
  }
}

/** The service ends itself: its exit hooks first, during which it goes on working. */
export function leave(service: Service, reason: EndReason = 'exited'): void {
  if (!service.alive || service.state === STATE.ENDING) return;
  const end = (): void => {
    if (!service.alive) return;
    service.host.note(service.handle, 'KILL self');
    service.end(reason);
  };
  if (!hasExitHooks(service)) {
    end();
    return;
  }
  service.state = STATE.ENDING;
  service.fork(new WorkTask(() => runExitHooks(service).then(end), []));
}

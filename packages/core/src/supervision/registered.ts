import type { ServiceKernel } from '../contracts/kernel.ts';
import { formatHandle, type Handle, parseHandle } from '../handle.ts';

/** Services with children stand in the registry of the node, so that consoles of all threads find them. */
const PREFIX = 'core.supervisor.';

/** Notes that a service keeps others running, until it ends. */
export function registerSupervisor(kernel: ServiceKernel): void {
  const key = PREFIX + formatHandle(kernel.skynet.self());
  if (kernel.thread.registry.add(key, '')) kernel.own(() => kernel.thread.registry.remove(key));
}

/** The services of this node that keep others running, lowest handle first. */
export function supervisorsOf(kernel: ServiceKernel): Handle[] {
  return [...kernel.thread.registry.entries()]
    .flatMap(([key]) => (key.startsWith(PREFIX) ? [parseHandle(key.slice(PREFIX.length)) ?? 0] : []))
    .filter((handle) => kernel.isAlive(handle))
    .sort((a, b) => a - b);
}

import { type Duration, toMilliseconds } from '../duration.ts';
import type { Node } from '../node/node.ts';
import { mainThread } from '../node/node.ts';

/** What a node's main thread holds, by kind. */
export interface Holdings {
  /** Services, as lists show them: `:01000005 snlua echo`. */
  readonly services: readonly string[];
  /** Tasks that are suspended, by service. */
  readonly tasks: readonly string[];
  /** Timers that have not fired. */
  readonly timers: number;
  /** Sockets that are connected, of the whole process. */
  readonly sockets: number;
  /** Sockets that listen, of the whole process. */
  readonly listeners: number;
}

const SOCKETS: ReadonlySet<string> = new Set(['TCPSocketWrap', 'PipeWrap', 'UDPWrap']);
const LISTENERS: ReadonlySet<string> = new Set(['TCPServerWrap', 'PipeServerWrap']);

/** What a node holds now. */
export function holdings(node: Node): Holdings {
  const { services, tasks, timers } = mainThread(node).holdings();
  const resources = process.getActiveResourcesInfo();
  return {
    services,
    tasks,
    timers,
    sockets: resources.filter((kind) => SOCKETS.has(kind)).length,
    listeners: resources.filter((kind) => LISTENERS.has(kind)).length,
  };
}

/**
 * Remembers what a node holds; the function it returns fails with a list of what there is more of by then: services,
 * suspended tasks, timers, sockets, listeners. What is being closed gets a moment to be gone.
 * @param patience - how long that moment may be. Default 30 s.
 */
export function watchLeaks(node: Node, patience: Duration = '30s'): () => Promise<void> {
  const before = holdings(node);
  return async () => {
    const end = performance.now() + toMilliseconds(patience);
    for (let more = moreThan(before, node); more.length > 0; more = moreThan(before, node)) {
      if (performance.now() >= end)
        throw new Error(`left behind:\n${more.map((line) => `  ${line}`).join('\n')}`);
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
  };
}

function moreThan(before: Holdings, node: Node): string[] {
  const now = holdings(node);
  return [
    ...added('service', before.services, now.services),
    ...added('task', before.tasks, now.tasks),
    ...(['timers', 'sockets', 'listeners'] as const)
      .filter((kind) => now[kind] > before[kind])
      .map((kind) => `${kind}: ${now[kind]}, before ${before[kind]}`),
  ];
}

function added(kind: string, before: readonly string[], now: readonly string[]): string[] {
  const left = [...before];
  return now
    .filter((entry) => {
      const at = left.indexOf(entry);
      if (at >= 0) left.splice(at, 1);
      return at < 0;
    })
    .map((entry) => `${kind} ${entry}`);
}

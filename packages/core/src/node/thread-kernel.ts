import type { ServiceLoader } from '../actor/loader.ts';
import { createModules } from '../actor/modules.ts';
import type { Service } from '../actor/service.ts';
import type { ServiceStarter } from '../actor/service-starter.ts';
import type { ThreadKernel } from '../contracts/kernel.ts';
import type { Handle } from '../handle.ts';
import type { Router } from '../route/router.ts';
import type { Neighbours } from '../threads/neighbours.ts';
import type { Transports } from '../transport/contract.ts';
import { COUNTER, type SharedParts } from './shared-parts.ts';
import type { Shutdown } from './shutdown.ts';

/** The parts of a thread that packages reach through its kernel. */
export interface ThreadParts {
  readonly shared: SharedParts;
  readonly transports: Transports;
  readonly loader: ServiceLoader;
  /** Folder that paths of services begin at. */
  readonly base: string;
  readonly router: Router<Service>;
  readonly starter: ServiceStarter;
  readonly neighbours: Neighbours;
  readonly shutdown: Shutdown;
  /** Milliseconds since the node started, as services count them. */
  clock(): number;
  log(source: Handle, text: string): void;
}

/** What packages get of a thread. */
export function createThreadKernel(parts: ThreadParts): ThreadKernel {
  const { shared, transports, loader, base, router, starter, neighbours, shutdown } = parts;
  const { thread, threads, packages, counters } = shared;
  const locals = new Map<symbol, unknown>();
  const kernel: ThreadKernel = {
    number: thread,
    transports,
    modules: createModules(loader, packages, base),
    log: (source, text) => parts.log(source, text),
    threads,
    deliver: (to, message) => router.deliver(to, message),
    start: (definition, name) => starter.start(definition, name, []),
    get networkHasValues() {
      return Atomics.load(counters, COUNTER.HAS_VALUES) > 0;
    },
    get hasNetwork() {
      return Atomics.load(counters, COUNTER.MAX_BODY) > 0;
    },
    get isStopping() {
      return starter.isStopping;
    },
    registry: packages,
    clock: () => parts.clock(),
    nextId: () => (Atomics.add(counters, COUNTER.ID, 1) + 1) * threads + thread - (threads - 1),
    threadOf: (id) => (id + threads - 1) % threads,
    post: (to, key, values, memories = []) =>
      neighbours.tell(to, {
        op: 'driver',
        key,
        values,
        ...(memories.length === 0 ? {} : { memories }),
      }),
    onPost: (key, take) => neighbours.onPost(key, take),
    local: <T>(key: symbol, create: (thread: ThreadKernel) => T): T => {
      if (!locals.has(key)) locals.set(key, create(kernel));
      return locals.get(key) as T;
    },
    onThreadLost: (listener) => neighbours.onLost(listener),
    onStop: (close) => shutdown.onStop(close),
  };
  return kernel;
}

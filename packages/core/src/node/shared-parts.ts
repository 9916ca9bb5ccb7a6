import type { ResolvedConfig } from '../config/config.ts';
import type { Registry } from '../contracts/registry.ts';
import { createRegistry } from '../route/registry.ts';
import { HOST_TIME, type TimeSource } from '../schedule/time-source.ts';
import { Activity } from '../threads/activity.ts';
import { RouteTable } from '../threads/route-table.ts';
import { SharedRegistry } from '../threads/shared-registry.ts';
import type { PeerSetup, SharedMemory } from '../threads/wire.ts';

/** What the threads of a node share. */
export interface SharedParts {
  readonly thread: number;
  readonly threads: number;
  /** Threads that had this number before. */
  readonly incarnation: number;
  /** Moment of the wall clock, in milliseconds, that the node's time counts from. */
  readonly origin: number;
  readonly names: Registry;
  readonly environment: Registry;
  /** What packages keep for the whole node. */
  readonly packages: Registry;
  /** Who lives where; undefined in a node with one thread. */
  readonly routes: RouteTable | undefined;
  /** Numbers for sockets and the like, and for spreading services over threads. */
  readonly counters: Int32Array;
  /** What this thread is doing, for the watchdog: see `threads/activity.ts`. */
  readonly activity: Activity;
  readonly peers: readonly PeerSetup[];
  /** Ends another thread, which is started again. Only the main thread can do that. */
  readonly endThread?: (thread: number, reason: string) => void;
  /** Where time comes from, if not from the host. For tests. */
  readonly time?: TimeSource;
  /** Picks whose turn comes next, if not the order of coming. For tests. */
  readonly random?: () => number;
}

/** Places in {@link SharedParts.counters}. */
export const COUNTER = { ID: 0, SPREAD: 1, LOG: 2, MAX_BODY: 3, HAS_VALUES: 4, SPARED: 5 } as const;

/** Threads that get nothing that does not ask for them, a bit for each, from {@link COUNTER.SPARED} on. */
export class SparedThreads {
  readonly #counters: Int32Array;

  constructor(counters: Int32Array) {
    this.#counters = counters;
  }

  has(thread: number): boolean {
    return (Atomics.load(this.#counters, COUNTER.SPARED + (thread >> 5)) & (1 << (thread & 31))) !== 0;
  }

  add(thread: number): void {
    Atomics.or(this.#counters, COUNTER.SPARED + (thread >> 5), 1 << (thread & 31));
  }

  /** One that was started anew. */
  delete(thread: number): void {
    Atomics.and(this.#counters, COUNTER.SPARED + (thread >> 5), ~(1 << (thread & 31)));
  }
}

/** What a test may put in the place of the host's time and of the order of coming; see `@skynet/core/testing`. */
export interface TestOptions {
  readonly time?: TimeSource;
  readonly random?: () => number;
}

/** What a node with one thread has in place of what threads share. */
export function aloneInProcess(
  config: ResolvedConfig,
  activity: SharedArrayBuffer,
  { time, random }: TestOptions,
): SharedParts {
  const environment: Registry = createRegistry();
  for (const [key, value] of config.environment) environment.add(key, value);
  return {
    thread: 0,
    threads: 1,
    incarnation: 0,
    origin: (time ?? HOST_TIME).zero + (time ?? HOST_TIME).now(),
    names: createRegistry(),
    environment,
    packages: createRegistry(),
    routes: undefined,
    counters: new Int32Array(16),
    activity: new Activity(activity, 0),
    peers: [],
    ...(time === undefined ? {} : { time }),
    ...(random === undefined ? {} : { random }),
  };
}

/** What one of several threads has, over the memory that all of them see. */
export function partsOver(
  memory: SharedMemory,
  thread: number,
  incarnation: number,
  peers: readonly PeerSetup[],
): SharedParts {
  return {
    thread,
    threads: memory.threads,
    incarnation,
    origin: memory.origin,
    names: new SharedRegistry(memory.names, thread),
    environment: new SharedRegistry(memory.environment, thread),
    packages: new SharedRegistry(memory.packages, thread),
    routes: new RouteTable(memory.routes),
    counters: new Int32Array(memory.counters),
    activity: new Activity(memory.activity, thread),
    peers,
  };
}

import type { Handle } from '../handle.ts';
import type { Transports } from '../transport/contract.ts';
import type { Skynet } from './skynet.ts';

/**
 * What packages that extend the framework need from it besides the public context; get it with
 * `kernelOf(skynet)` from `@skynet/core/kernel`. Applications have no use for it.
 */
export interface ServiceKernel {
  /** The context it belongs to. */
  readonly skynet: Skynet;
  /** Number of the thread the service runs in, 0 for the main thread. */
  readonly thread: number;
  /** The node's transports. */
  readonly transports: Transports;
  /** Whether the service still lives. */
  readonly alive: boolean;
  /** Whether a service lives, in whichever thread of the node. */
  isAlive(handle: Handle): boolean;
  /**
   * Puts a call of `work` at the end of the service's mailbox, to run there as a task of its own, in order with
   * everything else that arrives. For events from outside (sockets, drivers). Does nothing once the service ended.
   */
  enqueue<A, B, C>(work: (a: A, b: B, c: C) => unknown, a: A, b: B, c: C): void;
  /**
   * Runs `work` at once as a task of its own; only inside a turn of this service. What it throws, or rejects with,
   * is logged and stays there.
   */
  run<A, B, C>(work: (a: A, b: B, c: C) => unknown, a: A, b: B, c: C): void;
  /** A promise that a driver settles by `resolve`/`reject`; the awaiting task resumes in its turn, in mailbox order. */
  suspend<Result>(): Suspension<Result>;
  /** Closes something when the service ends, however it ends. Returns a function that forgets it again. */
  own(close: () => void): () => void;
  /** One value for each thread of the node, made on first use: drivers keep their tables here, not in module state. */
  local<T>(key: symbol, create: (thread: ThreadKernel) => T): T;
  /** Messages that wait at a service of this thread; 0 for services elsewhere. */
  queueLength(handle: Handle): number;
  /** Requests with this session that a service of this thread works on now; 0 for services elsewhere. */
  openRequests(handle: Handle, session: number): number;
  /** Logs an error with its stack in the name of the service. */
  reportError(what: string, error: unknown): void;
}

/** A task of a service that waits for a driver. */
export interface Suspension<Result> {
  /** Await this. */
  readonly promise: Promise<Result>;
  /** Lets the task go on with the result. A second settling does nothing. */
  resolve(result: Result): void;
  /** Lets the task go on with an error. */
  reject(error: unknown): void;
}

/** What a thread-wide driver may use. */
export interface ThreadKernel {
  /** Number of the thread. */
  readonly thread: number;
  /** The node's transports. */
  readonly transports: Transports;
  /** A log line in the name of a service, 0 for the kernel. */
  log(source: Handle, text: string): void;
  /** Number of threads of the node. */
  readonly threads: number;
  /** The thread that a number from {@link nextId} was given out in. */
  threadOf(id: number): number;
  /** Hands values to whoever listens for `key` in another thread, in order with messages that go there. */
  post(thread: number, key: string, values: unknown[]): void;
  /** Listens for what {@link post} of other threads sends. */
  onPost(key: string, take: (values: unknown[], from: number) => void): void;
  /**
   * Told of threads that are lost with everything in them; others take their numbers. Returns a function that stops
   * listening.
   */
  onThreadLost(listener: (thread: number) => void): () => void;
  /** Numbers for sockets and the like: unique in the node, growing, never 0. */
  nextId(): number;
  /** Runs when the node stops, after all services ended. */
  onStop(close: () => void | Promise<void>): void;
}

import type { SkynetError } from '../errors.ts';
import type { Handle } from '../handle.ts';

import type { Body, Message } from '../message.ts';
import type { ProtocolName } from '../protocol.ts';
import type {
  Connection,
  ConnectOptions,
  Listener,
  ListenOptions,
  Transports,
} from '../transport/contract.ts';
import type { ConsoleDoor } from './console.ts';
import type { GoneEvent } from './ending.ts';
import type { Registry } from './registry.ts';
import type { ServiceDefinition, Skynet } from './skynet.ts';

/**
 * What packages that extend the framework need from it besides the public context; get it with
 * `kernelOf(skynet)` from `@skynet/core/kernel`. Applications have no use for it.
 */
export interface ServiceKernel {
  /** The context it belongs to. */
  readonly skynet: Skynet;
  /** The thread the service runs in: its number, the others, what is kept for each thread. */
  readonly thread: ThreadKernel;
  /** Whether the service still lives. */
  readonly alive: boolean;
  /**
   * Tag of the trace that the request at hand belongs to, told by a message of type TRACE before it, as the original's
   * nodes send them. Calls that are made for the request pass it on by themselves.
   */
  readonly traceTag: string | undefined;
  /** Whether a service lives, in whichever thread of the node. */
  isAlive(handle: Handle): boolean;
  /**
   * Puts a call of `work` at the end of the service's mailbox, to run there as a task of its own, in order with
   * everything else that arrives. For events from outside (sockets, drivers). Does nothing once the service ended.
   */
  enqueue<Args extends unknown[]>(work: (...args: Args) => unknown, ...args: Args): void;
  /**
   * Runs `work` at once as a task of its own; only inside a turn of this service. What it throws, or rejects with,
   * is logged and stays there.
   */
  run<Args extends unknown[]>(work: (...args: Args) => unknown, ...args: Args): void;
  /**
   * Calls a service, and has the answer given to a function instead of to an awaiting task: `answered` runs in a turn
   * of this service as a task of its own, once, with the answer's body or with the error. Costs less than a call.
   * Neither the node's `callTimeout` nor a deadline limits it.
   * @param about What `answered` is told along with the answer, so that one function does for many calls.
   * @returns the session of the call.
   * @throws ERR_NO_SERVICE, ERR_PROTOCOL, ERR_SERVICE_ENDED.
   */
  ask<About extends object>(
    to: Handle,
    type: ProtocolName,
    body: Body,
    answered: Answered<About>,
    about?: About,
  ): number;
  /** A promise that a driver settles by `resolve`/`reject`; the awaiting task resumes in its turn, in mailbox order. */
  suspend<Result>(): Suspension<Result>;
  /**
   * Closes something when the service ends, however it ends. A promise that `close` returns is waited for when the node
   * stops, at most `shutdownTimeout`; what it throws is logged in the service's name. Returns a function that forgets it.
   * A service that moves to another thread closes it as well, since its code has opened another one there; where that
   * would cut somebody off, `holds` says what is held now, "3 sockets", and such a service does not move.
   */
  own(close: () => unknown, holds?: () => string | undefined): () => void;
  /**
   * Calls `gone` once when that service is gone, at once if it does not live: as a task of its own, behind all messages
   * that came from it. Returns a function that stops watching.
   */
  watch(handle: Handle, gone: (event: GoneEvent) => unknown): () => void;
  /**
   * Connects, in the service's turn. The connection is closed when the service ends.
   * @throws ERR_CONNECT, ERR_ADDRESS_INVALID, ERR_TIMEOUT, ERR_ABORTED.
   */
  connect(address: string, options?: ConnectOptions): Promise<Connection>;
  /**
   * Listens, in the service's turn; closed when the service ends. `accept` is called as connections come, in no turn:
   * it hands them on with {@link enqueue}. None comes once the service has ended.
   * @throws ERR_LISTEN, ERR_ADDRESS_INVALID.
   */
  listen(
    address: string,
    options: ListenOptions,
    accept: (connection: Connection) => void,
  ): Promise<Listener>;
  /**
   * Gives up what {@link connect} or {@link listen} opened: it no longer ends with the service, whoever has it then
   * closes it. For what passes from service to service.
   */
  release(opened: Connection | Listener): void;
  /** Messages that wait at a service of this thread; 0 for services elsewhere. */
  queueLength(handle: Handle): number;
  /** Requests with this session that a service of this thread works on now; 0 for services elsewhere. */
  openRequests(handle: Handle, session: number): number;
  /**
   * Answers a question of the debug protocol: `skynet.call(handle, 'debug', name, …)` gets what `answer` returns. A
   * question that every service answers already stays as it is.
   */
  answerDebug(name: string, answer: (...args: unknown[]) => unknown): void;
  /** Adds commands to the consoles of the node, and sockets to their `netstat`. */
  readonly console: ConsoleDoor;
  /** The service has failed as a whole: logs that and ends it, exit hooks first; who watches is told `failed`. */
  fail(error: unknown): void;
  /** Logs an error with its stack in the name of the service. */
  reportError(what: string, error: unknown): void;
}

/**
 * What {@link ServiceKernel.ask} gives an answer to: an error or undefined, the body when there is none, and what the call
 * was about, if that was said.
 */
export type Answered<About extends object = object> = (
  error: SkynetError | undefined,
  body: Body | undefined,
  about: About,
) => unknown;

/** A task of a service that waits for a driver. */
export interface Suspension<Result> {
  /** Await this. */
  readonly promise: Promise<Result>;
  /** Lets the task go on with the result. A second settling does nothing. */
  resolve(result: Result): void;
  /** Lets the task go on with an error. */
  reject(error: unknown): void;
}

/** Takes what {@link ThreadKernel.post} of another thread hands over. */
export type TakePost = (values: unknown[], from: number, memories: readonly SharedArrayBuffer[]) => void;

/** How the node finds and loads code, for packages that have services of their own kind. */
export interface Modules {
  /**
   * The file of a name on a search path, whose patterns are as those of the key `services`.
   * @throws ERR_SERVICE_NOT_FOUND (`details.tried`), ERR_NAME_INVALID.
   */
  find(patterns: readonly string[], name: string): string;
  /** Where a path from the folder of the configuration leads. */
  resolve(location: string): string;
  /**
   * Imports a file, TypeScript too; after `clearcache` anew, and with another `version` than before.
   * @throws what the module throws.
   */
  import(file: string, version?: string): Promise<unknown>;
  /**
   * Has Node load modules through the hooks of a module of this URL, `load` and `resolve`, from now on. Behind whatever takes
   * types out, so that they see JavaScript.
   */
  useHooks(url: string): void;
  /** Told when `clearcache` has been called. Returns a function that stops listening. */
  onClear(listener: () => void): () => void;
  /** Makes the service that a module has as default export known in all threads, for names the search path lacks. */
  provide(name: string, url: string): void;
}

/** What a thread-wide driver may use. */
export interface ThreadKernel {
  /** Number of the thread, 0 for the main thread. */
  readonly number: number;
  /** The node's transports. */
  readonly transports: Transports;
  /** Finding and loading code. */
  readonly modules: Modules;
  /** A log line in the name of a service, 0 for the kernel. */
  log(source: Handle, text: string): void;
  /**
   * Starts a service of this thread that belongs to the node, not to whoever needs it first: it stays when that service
   * ends, or fails to start. @throws as {@link Skynet.newService}.
   */
  start(definition: ServiceDefinition, name: string): Promise<Handle>;
  /** Whether the node is part of a network of nodes. */
  readonly hasNetwork: boolean;
  /** Whether the node stops: exit hooks run, no service is started any more. */
  readonly isStopping: boolean;
  /** Whether that takes bodies as the values they are, see {@link Network.hasValues}. */
  readonly networkHasValues: boolean;
  /** Number of threads of the node. */
  readonly threads: number;
  /**
   * Text that packages register for all threads of the node: seen everywhere at once, kept when a thread is lost. Keys
   * begin with the name of the package.
   */
  readonly registry: Registry;
  /** The thread that a number from {@link nextId} was given out in. */
  threadOf(id: number): number;
  /** Puts a message in the mailbox of a service, wherever that lives. False if it does not. */
  deliver(to: Handle, message: Message): boolean;
  /**
   * Hands values to whoever listens for `key` in another thread, in order with messages that go there. Memory arrives as
   * the same memory, not as a copy.
   */
  post(thread: number, key: string, values: unknown[], memories?: readonly SharedArrayBuffer[]): void;
  /**
   * Listens for what {@link post} of other threads sends. Returns a function that stops listening.
   * @throws ERR_ARGUMENT when somebody listens for that key already.
   */
  onPost(key: string, take: TakePost): () => void;
  /** One value for each key and thread, made on first use: drivers keep their tables here, not in module state. */
  local<T>(key: symbol, create: (thread: ThreadKernel) => T): T;
  /**
   * Told of threads that are lost with everything in them; others take their numbers. Returns a function that stops
   * listening.
   */
  onThreadLost(listener: (thread: number) => void): () => void;
  /** Milliseconds since the node started, with fractions: the clock that timers go by. */
  clock(): number;
  /** Numbers for sockets and the like: unique in the node, growing, never 0. */
  nextId(): number;
  /** Runs when the node stops, after all services ended. */
  onStop(close: () => void | Promise<void>): void;
}

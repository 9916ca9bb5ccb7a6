import type { Duration } from '../duration.ts';
import type { Address, Handle } from '../handle.ts';
import type { Body, Packed } from '../message.ts';
import type { Protocol, ProtocolName } from '../protocol.ts';
import type { CallGroup, CallTarget, Proxy as CommandProxy, Sender, ServiceHandle } from './call.ts';
import type { GoneEvent } from './ending.ts';
import type { LaunchArgument, LaunchValue, MailboxOptions, PlacedService } from './launch.ts';
import type { DrainOptions, DrainReport, MoveOptions, ReloadOptions } from './moves.ts';
import type { CommandTable, Dispatcher, FilteredMessage, Request } from './request.ts';
import type { Sendable, SendableBy, Unsendable } from './sendable.ts';
import type { AwaitOptions, CriticalSection, SuspendedTask, Task, TimerHandle } from './task.ts';

/** Code of a service: loaded once for each thread, its `start` runs once for each instance. */
export interface ServiceDefinition<Commands = unknown, Args = unknown> {
  readonly kind: 'skynet.service';
  /** What an instance runs first; see `defineService`. */
  readonly start: (skynet: Skynet, ...args: never[]) => unknown;
  /** Bounds the mailbox of every instance. */
  readonly mailbox?: MailboxOptions;
  /** What lists and log lines show of the start arguments, where some of them are secret. Default: all of them. */
  readonly shownArgs?: (args: readonly string[]) => readonly string[];
  /** How state passes to new code; the export `handover` of its module. */
  readonly handover?: Handover;
  /** For the compiler only: the commands it understands. */
  readonly __commands?: Commands;
  /** For the compiler only: what it is started with. */
  readonly __args?: Args;
}

/**
 * How the state of a service passes to new code of it: the export `handover` of its module, or what the start function
 * gives to `skynet.handover` where the state is its own. A module's gets the context as a further argument.
 */
export interface Handover {
  /** The state, from the old code: called when nothing is being worked on, or nothing ends in time. */
  take(skynet: Skynet): unknown;
  /** Puts the state in place, in the new code, once its start function has returned. May be waited for. */
  give(state: never, skynet: Skynet): unknown;
}

/** A module with a service as its default export, as a type: `typeof import('./services/room.ts')`. */
export interface ServiceModule {
  readonly default: ServiceDefinition;
}

/**
 * What a service is started with. Text and numbers alone are words, one each, and reach the service as text (book §4.1);
 * as soon as one of them is something else all arrive as the values they are. So a start function that takes nothing but
 * words declares them as text.
 */
export type LaunchArguments<Args> = unknown extends Args
  ? LaunchValue[]
  : Args extends readonly (string | undefined)[]
    ? LaunchArgument[]
    : Args extends readonly (string | number | undefined)[]
      ? [wordsArriveAsText: Unsendable<Args>]
      : Args extends readonly unknown[]
        ? { [Place in keyof Args]: Sendable<Args[Place]> }
        : never;

type CommandsOfModule<Module> = Module extends {
  readonly default: ServiceDefinition<infer Commands, infer _Args>;
}
  ? Commands
  : unknown;

type ArgumentsOf<Module> = Module extends { readonly default: ServiceDefinition<infer _Commands, infer Args> }
  ? LaunchArguments<Args>
  : never;

/** What `skynet.stat()` tells about the service. */
export interface ServiceStat {
  /** Messages waiting. */
  readonly mqlen: number;
  /** Messages handled since the start. */
  readonly message: number;
  /** Tasks that are suspended. */
  readonly task: number;
  /** Seconds the thread has worked for this service; 0 unless the configuration says `profile: true`. */
  readonly cpu: number;
}

/** Everything a service can do. One object for each service instance; it stops working when the service ends. */
export interface Skynet {
  // --- who am I -------------------------------------------------------------------------------------------------
  /** Name the service was started under (`SERVICE_NAME`). */
  readonly name: string;
  /** Own handle (`skynet.self`, book §3). */
  self(): Handle;
  /** Printable address: a handle as `:0100000a`, other things as their text, nothing as `nil` (book §3). */
  address(address: Address | null | undefined): string;
  /** Harbor id of an address and whether that is another node (`skynet.harbor`). */
  harbor(handle: Handle): { harbor: number; remote: boolean };

  // --- log and environment ----------------------------------------------------------------------------------------
  /** Writes one log line: values as text, joined by spaces (`skynet.error`, book §3). Interrupts nothing. */
  error(...values: unknown[]): void;
  /** Value of a configuration key or of one set later, always text; undefined if absent (book §3.3). */
  getenv(key: string): string | undefined;
  /**
   * Adds a value for all services of the node (book §3.3).
   * @throws ERR_ENV_EXISTS when the key has one, ERR_ENV_INVALID for a bad key or an absent value.
   */
  setenv(key: string, value: string | number | boolean): void;

  // --- life cycle -------------------------------------------------------------------------------------------------
  /**
   * Starts a service and waits until its start function has returned (book §4.1). Words reach it as text, other values as
   * they are; see {@link LaunchArguments}. Instead of a name, a definition starts a service from a value of this thread
   * (`skynet.service.new`). The type of the module says what a name is started with:
   * `newService<typeof import('./player.ts')>('player', { uid, gate })`.
   * @throws ERR_SERVICE_NOT_FOUND, ERR_SERVICE_MODULE, ERR_SERVICE_INIT, ERR_LAUNCH_ARGUMENT, ERR_NODE_STOPPED, and
   * ERR_SERVICE_EXITED when it ended itself while starting (the original returns nil then).
   */
  newService<Commands, Args>(
    service: ServiceDefinition<Commands, Args>,
    ...args: LaunchArguments<Args>
  ): Promise<ServiceHandle<Commands>>;
  newService<Commands = unknown>(
    service: string | PlacedService,
    ...args: Commands extends ServiceModule ? [seeTheNextOne: Unsendable<Commands>] : LaunchValue[]
  ): Promise<ServiceHandle<Commands>>;
  newService<Module extends ServiceModule>(
    service: string | PlacedService,
    ...args: ArgumentsOf<Module>
  ): Promise<ServiceHandle<CommandsOfModule<Module>>>;
  /** Starts the service once for this node, or with `true` first once for the network (book §4.2). */
  uniqueService(name: string, ...args: LaunchValue[]): Promise<Handle>;
  uniqueService(global: true, name: string, ...args: LaunchValue[]): Promise<Handle>;
  /** Handle of a unique service; waits until somebody starts it (book §4.2). */
  queryService(name: string): Promise<Handle>;
  queryService(global: true, name: string): Promise<Handle>;
  /** Forgets a unique service, so that the next `uniqueService` starts a new one. Returns whether there was one. */
  forgetService(name: string): Promise<boolean>;
  /**
   * Gives a running service new code: handle, names and mailbox stay, requests that come meanwhile wait. The module is
   * loaded anew, with what it imports by relative paths; its start function runs with the arguments of the first start, then
   * the state passes by {@link handover}, then the old code's timers and handlers go. Should any of that fail, the old code
   * works on.
   * @throws ERR_HANDOVER when the old code hands over and the new one does not; what the new code throws.
   */
  reload(address: Address, options?: ReloadOptions): Promise<void>;
  /**
   * Moves a running service to another thread under its handle: mailbox, names, watches and deadlines stay, messages keep
   * their order, and callers notice nothing. Its code starts there with the arguments of the first start, and the state
   * passes by {@link handover}. Tasks that run may end first, for `patience`; those that sleep or wait to be woken end with
   * the old instance, as its timers do. Should any of that fail, the old instance works on.
   * @throws ERR_MOVE, with `details.reason`: `handover` it hands nothing over, `busy` something does not end in time,
   * `sockets` it holds connections or listens, `definition` it was not started by a name, `state` it is starting or ending,
   * `changing` it is being moved or reloaded, `thread` a thread does not answer. What the start function throws, ERR_TIMEOUT
   * when it takes longer than 10 s, ERR_ARGUMENT for a thread that is none, ERR_SERVICE_GONE when the service or the new
   * thread is lost meanwhile.
   */
  move(address: Address, options: MoveOptions): Promise<void>;
  /**
   * Moves the services of a thread to the other threads, as {@link move} does, in turn. Says which have moved, and which stay
   * and why. What starts by `spread` from now on is not put there, until the thread is started again.
   */
  drain(thread: number, options?: DrainOptions): Promise<DrainReport>;
  /** Says how this service's state passes to new code; see {@link reload} and {@link move}. */
  handover<State>(handover: { take(): State; give(state: State): unknown }): void;
  /**
   * Runs `work` at once (`skynet.init`, book §3.4); the service counts as started only when it has finished. What it
   * throws makes the start fail. For libraries that have to prepare something for the service they are used by.
   */
  init(work: () => unknown): void;
  /** Runs `work` when the service ends by {@link exit} or when the node stops; may be asynchronous. Last registered first. */
  onExit(work: () => unknown): void;
  /** Ends this service. Nothing after it runs: it throws a signal that must not be swallowed (book §3). */
  exit(): never;
  /** Ends another service between two messages; its callers get an error (book §3). Unknown addresses are logged. */
  kill(address: Address): void;
  /** Ends the node: all exit hooks within the deadline, then the process' log is flushed (`skynet.abort`, book §3). */
  abort(): void;
  /** Treats all pending calls of this service to that address as failed (`skynet.term`). */
  term(address: Address): void;
  /**
   * Calls `gone` once when that service is gone, whichever way and wherever it lived: as a task of its own, behind all
   * messages that came from it. Returns a function that stops watching.
   * @throws ERR_ADDRESS_INVALID, ERR_NO_SERVICE for a name that nobody has.
   */
  watch(address: Address, gone: (event: GoneEvent) => unknown): () => void;
  /**
   * Closes something when this service ends, however it ends. A promise that `close` returns is waited for when the
   * node stops, at most `shutdownTimeout`. Returns a function that forgets it again.
   */
  own(close: () => unknown): () => void;
  /** Makes `name` the service that is told (`PTYPE.CLIENT`, empty body, source the dead handle) of every end. */
  monitor(name: string): Promise<Handle>;

  // --- names ------------------------------------------------------------------------------------------------------
  /** Gives this service an alias: `.local`, or a global one of at most 15 bytes (book §5). */
  register(name: string): void;
  /** Gives another service an alias (book §5). */
  nameService(name: string, handle: Handle): void;
  /** Takes an alias back. Returns whether it existed. */
  unregister(name: string): boolean;
  /** Handle of a local alias, undefined if there is none or the name is not local; never waits (book §5.3). */
  localName(name: string): Handle | undefined;
  /** Handle of an alias; a global one is waited for (`harbor.queryname`, book §5.3). */
  queryName(name: string): Promise<Handle | undefined>;

  // --- messages ---------------------------------------------------------------------------------------------------
  /** Packs values into a body (`skynet.pack`, book §7.3). They are copied; refused with ERR_UNSERIALIZABLE. */
  pack(...values: unknown[]): Packed;
  /** The values of a body made by `pack`, or of lua-seri bytes (`skynet.unpack`, book §7.3). */
  unpack(body: Body): unknown[];
  /** Values as lua-seri bytes (`skynet.packstring`). */
  packBytes(...values: unknown[]): Uint8Array;
  /** Text of a body of bytes (`skynet.tostring`, book §15.5). */
  toString(body: Body): string;
  /**
   * Sends without waiting (book §7.4). Returns 0, or undefined when the address does not exist.
   * @throws ERR_ADDRESS_INVALID, ERR_PROTOCOL, ERR_UNSERIALIZABLE.
   */
  send<Type extends ProtocolName, Values extends unknown[]>(
    to: Address,
    type: Type,
    ...values: Values & SendableBy<Type, Values>
  ): number | undefined;
  /**
   * As {@link send} with a packed body, which is handed over, not copied: the sender changes it no more. The same holds
   * for {@link rawCall}, {@link redirect} and `request.rawRet`.
   */
  rawSend(to: Address, type: ProtocolName, body: Body): number | undefined;
  /**
   * Sends and waits for the answer: its first value (book §7.4; all of them: {@link rawCall} and {@link unpack}).
   * @throws ERR_NO_SERVICE, ERR_SERVICE_GONE, ERR_REMOTE, ERR_TIMEOUT, … ; never hangs because the other side died.
   */
  call<Result = unknown, Type extends ProtocolName = ProtocolName, Values extends unknown[] = unknown[]>(
    to: Address | CallTarget,
    type: Type,
    ...values: Values & SendableBy<Type, Values>
  ): Promise<Result>;
  /**
   * What is left of the time that the caller of the request at hand waits, in hundredths of a second: for
   * `{ timeout: skynet.deadline() }` of what is no call. Below 0 when that has passed, undefined when it waits for ever or
   * the task works on no request. Calls to other services take it over by themselves.
   */
  deadline(): number | undefined;
  /** As {@link call} with a packed body both ways. */
  rawCall(to: Address | CallTarget, type: ProtocolName, body: Body): Promise<Body>;
  /** Several calls at once; `timeout` bounds the iteration (`skynet.request`). */
  request(options?: { timeout?: Duration }): CallGroup;
  /**
   * Sends in the name of `source`, which gets the answer (book §7.14). A request of `source` to this service that goes on
   * so fails with `ERR_SERVICE_GONE` when its new receiver ends or loses its thread.
   */
  redirect(to: Address, source: Handle, type: ProtocolName, session: number, body: Body): number | undefined;
  /** A fresh session for use with {@link redirect} (`skynet.genid`). */
  genid(): number;
  /** Calls by commands, typed by the service's own table. */
  proxy<Commands>(to: ServiceHandle<Commands> | Address | CallTarget): CommandProxy<Commands>;
  /** Sends by commands, typed by the service's own table. */
  sender<Commands>(to: ServiceHandle<Commands> | Address): Sender<Commands>;
  /** Sets who handles messages of a type: a function, or a table of commands (book §7.2). Returns the previous one. */
  dispatch(type: ProtocolName, handler?: Dispatcher | CommandTable): Dispatcher | CommandTable | undefined;
  /** Makes another message type usable in this service (book §7.12). @throws ERR_PROTOCOL_EXISTS. */
  registerProtocol(protocol: Protocol & { dispatch?: Dispatcher | CommandTable }): void;
  /** Treats messages of the types in `map` (number to number) as another type, bodies untouched (book §7.13). */
  forwardType(map: Readonly<Record<number, number>>): void;
  /**
   * Rewrites every message before it is dispatched; return undefined to drop it (`skynet.filter`). Several filters run in
   * the order in which they were set, each on what the one before it has made.
   */
  filter(rewrite: (message: FilteredMessage) => FilteredMessage | undefined): void;
  /**
   * Called for messages of types nobody handles, instead of the log line (`skynet.dispatch_unknown_request`). As with
   * any handler what it returns is the answer.
   */
  onUnknownRequest(handler: ((request: Request) => unknown) | undefined): void;
  /** Called for answers nobody waits for, instead of the log line (`skynet.dispatch_unknown_response`). */
  onUnknownResponse(handler: ((session: number, source: Handle, body: Body) => void) | undefined): void;

  // --- tasks and time ---------------------------------------------------------------------------------------------
  /** Starts a task: it runs after the current one suspends or ends, before the next message (book §6.2). */
  fork<Args extends unknown[]>(work: (...args: Args) => unknown, ...args: Args): Task;
  /** The task that runs now (`coroutine.running`). */
  running(): Task;
  /** Tasks of this service that are suspended, oldest first (`skynet.task`). */
  tasks(): SuspendedTask[];
  /**
   * Ends a task that is suspended or has not begun (`skynet.killthread`). What it waits for throws a signal, so that
   * `finally` blocks run and locks are given back; a `catch` must let it pass, or the task lives on. A caller that it
   * serves gets ERR_ABORTED. Returns whether there was such a task: not the running one, and none that waits for a
   * foreign promise without {@link await}.
   */
  killTask(task: Task): boolean;
  /** Suspends for a time; resolves to `"BREAK"` when woken early (book §6.1). 0 or less yields. */
  sleep(time: Duration, token?: unknown): Promise<'BREAK' | undefined>;
  /**
   * Waits for a promise that is not the framework's (a file, a fetch, a driver): the task resumes in its turn, as
   * after any other wait, and keeps its identity for {@link running}, {@link wait} and {@link queue}. A function in place
   * of the promise gets a signal that is aborted when nobody waits any more: after `timeout`, by `signal`, when the task
   * is killed or the service ends.
   * @throws ERR_TIMEOUT, ERR_ABORTED, and what the promise is rejected with.
   */
  await<Result>(
    foreign: PromiseLike<Result> | ((signal: AbortSignal) => PromiseLike<Result>),
    options?: AwaitOptions,
  ): Promise<Result>;
  /** Lets everything run that waits in the mailbox now (book §6.4). */
  yield(): Promise<void>;
  /** Suspends until woken through the token; default: the running task (book §6.5). @throws ERR_TOKEN_IN_USE, ERR_OUTSIDE_TURN. */
  wait(token?: unknown): Promise<void>;
  /** Wakes a waiting or sleeping task; it runs when the current one suspends or ends. Whether there was one. */
  wakeup(token: unknown): boolean;
  /** Runs `work` in a task of its own after a time (book §6.6). */
  timeout<Args extends unknown[]>(
    time: Duration,
    work: (...args: Args) => unknown,
    ...args: Args
  ): TimerHandle;
  /** Runs `work` again and again; a run that is still going on when the next is due delays it. */
  interval<Args extends unknown[]>(
    time: Duration,
    work: (...args: Args) => unknown,
    ...args: Args
  ): TimerHandle;
  /** Hundredths of a second since the node started (book §6.7). */
  now(): number;
  /** Wall-clock seconds, two decimals (book §6.7). */
  time(): number;
  /** Wall-clock second of the node's start (book §6.7). */
  startTime(): number;
  /** Nanoseconds, for measuring only (`skynet.hpc`). */
  hpc(): bigint;
  /**
   * A new critical section (`skynet.queue`, book §7.11). Re-entrant for the same task. Inside it, and before it is entered,
   * await foreign promises with {@link await}: it rejects with ERR_OUTSIDE_TURN where it cannot tell whether the holder
   * enters again.
   */
  queue(): CriticalSection;

  // --- self-inspection --------------------------------------------------------------------------------------------
  /** Messages waiting (`skynet.mqlen`). */
  mqlen(): number;
  /** Counters of this service (`skynet.stat`). */
  stat(): ServiceStat;
  /**
   * Whether this service was reported as being in an endless loop since last asked, also within that very loop
   * (`skynet.endless`).
   */
  endless(): boolean;
  /** Answer of the debug command `info` (`skynet.info_func`). */
  info(answer: (...args: string[]) => unknown): void;
}

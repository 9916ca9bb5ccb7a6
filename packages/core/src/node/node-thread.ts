import { Context } from '../actor/context.ts';
import { answerDebug } from '../actor/debug-commands.ts';
import { DEFAULT_PROTOCOLS } from '../actor/default-protocols.ts';
import {
  callFailed,
  describe,
  failedWait,
  goneFailure,
  nodeLostFailure,
  reasonIn,
} from '../actor/failure.ts';
import { ServiceLoader } from '../actor/loader.ts';
import type { LaunchRequest, NodeHost, NodeList, Started } from '../actor/node-host.ts';
import type { Pending } from '../actor/pending.ts';
import { loadPreload, type Preload, preloaded } from '../actor/preload.ts';
import { Service, STATE, setDebugCommands } from '../actor/service.ts';
import { isExit, KillSignal, WorkTask } from '../actor/task.ts';
import type { Timer } from '../actor/timer.ts';
import { markTold, messageOf, textOf } from '../codec/error.ts';
import type { ResolvedConfig } from '../config/config.ts';
import type { ThreadKernel } from '../contracts/kernel.ts';
import type { NetworkPlace, Remote } from '../contracts/remote.ts';
import type { CommandTable, EndReason, ServiceDefinition } from '../contracts/skynet.ts';
import { Environment } from '../env.ts';
import { type ErrorCode, isSkynetError, SkynetError } from '../errors.ts';
import { formatHandle, formatShort, type Handle, harborOf, localOf, makeHandle } from '../handle.ts';
import { LogOrder } from '../log/log-order.ts';
import { printable } from '../log/printable.ts';
import { entryText } from '../log/text.ts';
import { Message } from '../message.ts';
import { PTYPE } from '../protocol.ts';
import { Endings, type Watcher } from '../route/endings.ts';
import { isLocalName, NameTable } from '../route/name-table.ts';
import { RemoteRoute } from '../route/remote-route.ts';
import { ServiceTable } from '../route/service-table.ts';
import { CpuAccounts, type WorkListener } from '../schedule/cpu-accounts.ts';
import { type Runnable, Scheduler } from '../schedule/scheduler.ts';
import { HOST_TIME, type TimeSource } from '../schedule/time-source.ts';
import { Timers } from '../schedule/timers.ts';
import { provideBuiltIns } from '../services/built-in.ts';
import { failAtCaller } from '../stack.ts';
import { Neighbours, type Order, type Resident } from '../threads/neighbours.ts';
import type { PeerSetup, Redirection } from '../threads/wire.ts';
import type { Transports } from '../transport/contract.ts';
import { COUNTER, type SharedParts } from './shared-parts.ts';

// A call, not an import for its effect: bundlers leave those out.
setDebugCommands(answerDebug);

/** Looks into the rings when the process ends at once; somebody may fill them faster than they are read. */
const LAST_POLLS = 1000;

/** Milliseconds after which a thread that does not answer is taken to be held by one of its services. */
const PATIENCE = 1000;
/** Silences of a thread, at the same piece of work, after which it counts as held without a watchdog. */
const MAX_SILENCES = 10;

/** Thread that holds the network. */
const NETWORK_THREAD = 0;

/** The word in front of the names of services, as in the original. */
const SNLUA = 'snlua ';

/** One thread of a node: its services, their scheduler, timers and modules, and its links to the others. */
export class NodeThread implements NodeHost, Resident {
  readonly thread: number;
  readonly harbor: number;
  readonly names: NameTable;
  readonly environment: Environment;
  readonly transports: Transports;
  readonly threadKernel: ThreadKernel;
  readonly callTimeout: number;
  readonly startTime: number;
  readonly startFraction: number;
  readonly loader: ServiceLoader;
  readonly #config: ResolvedConfig;
  readonly #table = new ServiceTable<Service>();
  readonly #activity: WorkListener;
  readonly #accounts: CpuAccounts | undefined;
  readonly #scheduler: Scheduler;
  readonly #time: TimeSource;
  readonly #timers: Timers<Timer>;
  readonly #shared: SharedParts;
  readonly #neighbours: Neighbours;
  readonly #remote: RemoteRoute;
  readonly #logOrder = new LogOrder(0, (source, text) => this.#writeLog(source, text));
  readonly #endings: Endings;
  readonly #origin: number;
  readonly #locals = new Map<symbol, unknown>();
  /** What services opened and is being closed, with the service. */
  readonly #closing = new Map<Promise<unknown>, Handle>();
  readonly #closers: (() => void | Promise<void>)[] = [];
  readonly #stopNode: () => Promise<void>;
  #monitor: Handle = 0;
  #logger: Handle = 0;
  #stopping = false;
  #shutdown: Promise<void> | undefined;
  #preload: Preload | undefined;
  /** Notes of redirections whose request has not come to where they begin, as far as is known here. */
  readonly #early = new WeakMap<Pending, readonly Redirection[]>();
  /** Lines logged before there is a logger, or after it ended. */
  readonly #logDirectly: (source: Handle, text: string) => void;

  constructor(
    config: ResolvedConfig,
    transports: Transports,
    shared: SharedParts,
    logDirectly: (source: Handle, text: string) => void,
    stopNode: () => Promise<void>,
  ) {
    this.#config = config;
    this.#shared = shared;
    this.thread = shared.thread;
    this.#accounts = config.profile ? new CpuAccounts(shared.activity) : undefined;
    this.#activity = this.#accounts ?? shared.activity;
    this.#scheduler = new Scheduler(
      () => this.#activity.idle(),
      shared.random,
      (thrown) => this.log(0, `thread ${this.thread}: ${describe(thrown)}`),
    );
    this.harbor = config.harbor;
    this.names = new NameTable(shared.names);
    this.environment = new Environment(shared.environment);
    this.transports = transports;
    this.callTimeout = config.callTimeout;
    // The host's time starts with the thread, the node's with the node.
    this.#time = shared.time ?? HOST_TIME;
    this.#origin = shared.origin - this.#time.zero;
    this.startTime = Math.floor(shared.origin / 1000);
    this.startFraction = Math.floor((shared.origin % 1000) / 10);
    this.loader = new ServiceLoader(config.services, config.base);
    provideBuiltIns(this.loader);
    this.#timers = new Timers(
      this.#time,
      () => this.clock(),
      (timer) => timer.owner.fired(timer),
    );
    this.#logDirectly = logDirectly;
    this.#stopNode = stopNode;
    this.threadKernel = {
      number: this.thread,
      transports,
      log: (source, text) => this.log(source, text),
      threads: shared.threads,
      registry: shared.packages,
      get hasNetwork() {
        return Atomics.load(shared.counters, COUNTER.MAX_BODY) > 0;
      },
      nextId: () =>
        (Atomics.add(shared.counters, COUNTER.ID, 1) + 1) * shared.threads +
        shared.thread -
        (shared.threads - 1),
      threadOf: (id) => (id + shared.threads - 1) % shared.threads,
      post: (thread, key, values) => this.#neighbours.tell(thread, { op: 'driver', key, values }),
      onPost: (key, take) => this.#neighbours.onPost(key, take),
      local: (key, create) => this.#local(key, create),
      onThreadLost: (listener) => this.#neighbours.onLost(listener),
      onStop: (close) => void this.#closers.push(close),
    };
    this.#neighbours = new Neighbours(this, shared.peers, shared.incarnation);
    this.#remote = new RemoteRoute({
      maxBody: () => Atomics.load(shared.counters, COUNTER.MAX_BODY),
      post: (to, message) => this.#neighbours.post(NETWORK_THREAD, to, message),
      tell: (order) => this.#neighbours.tell(NETWORK_THREAD, order),
      log: (source, text) => this.log(source, text),
    });
    this.#endings = new Endings({
      thread: this.thread,
      threadOf: (handle) => this.#placeOf(handle),
      watchRemote: (handle) => {
        if (this.#isRemote(handle)) this.#remote.watch(handle);
      },
      request: (to, handle, on) => this.#neighbours.tell(to, { op: 'watch', from: this.thread, handle, on }),
      tell: (to, handle, reason) => this.#neighbours.tell(to, { op: 'gone', handle, reason }),
    });
    if (this.#neighbours.source !== undefined) this.#scheduler.attach(this.#neighbours.source);
    this.#neighbours.open();
  }

  // --- what services ask for

  ready(service: Runnable): void {
    this.#scheduler.ready(service);
  }

  deliver(to: Handle, message: Message): boolean {
    if (this.#isRemote(to)) return this.#remote.deliver(to, message);
    const local = localOf(to);
    const service = this.#table.get(local);
    if (service !== undefined) {
      service.push(message);
      return true;
    }
    const thread = this.#shared.routes?.threadOf(local) ?? -1;
    if (thread < 0 || thread === this.thread) return false;
    this.#neighbours.post(thread, to, message);
    return true;
  }

  deliverToName(name: string, message: Message): Handle | undefined {
    // Nobody has this number: it stands for whoever has the name.
    return this.#remote.deliverToName(name, message) ? makeHandle(this.harbor, 0) : undefined;
  }

  /** Whether a service lives in another node, if anywhere. */
  #isRemote(handle: Handle): boolean {
    const harbor = harborOf(handle);
    return harbor !== this.harbor && harbor !== 0;
  }

  /** Thread where the end of a service is heard of: its own, or that of the network; -1 if it does not live. */
  #placeOf(handle: Handle): number {
    if (!this.#isRemote(handle)) return this.#threadOf(handle);
    return this.#remote.isReachable(handle) ? NETWORK_THREAD : -1;
  }

  find(handle: Handle): Service | undefined {
    return harborOf(handle) === this.harbor ? this.#table.get(localOf(handle)) : undefined;
  }

  isAlive(handle: Handle): boolean {
    return this.#placeOf(handle) >= 0;
  }

  /** Thread of a service, -1 if it does not live in this node. */
  #threadOf(handle: Handle): number {
    if (harborOf(handle) !== this.harbor) return -1;
    const { routes } = this.#shared;
    if (routes !== undefined) return routes.threadOf(localOf(handle));
    return this.find(handle) === undefined ? -1 : this.thread;
  }

  services(): Service[] {
    return this.#table.all();
  }

  clock(): number {
    return this.#time.now() - this.#origin;
  }

  startTimer(timer: Timer, milliseconds: number): void {
    this.#timers.start(timer, milliseconds * this.#config.timeScale);
  }

  stopTimer(timer: Timer): boolean {
    return this.#timers.stop(timer);
  }

  working(handle: Handle, item: { readonly type: number }): void {
    this.#activity.working(handle, item.type < 0 ? 0 : (item as Message).source, item.type);
  }

  resuming(handle: Handle): void {
    if (this.#scheduler.settling > 0)
      this.#scheduler.soon(() => this.#activity.working(handle, 0, PTYPE.RESPONSE));
  }

  endlessReport(handle: Handle): number {
    return this.#shared.activity.reportOf(this.thread, handle);
  }

  cpuOf(handle: Handle): number {
    return this.#accounts?.seconds(handle) ?? 0;
  }

  log(source: Handle, words: string): void {
    const text = entryText(words);
    if (this.#shared.threads === 1) {
      this.#writeLog(source, text);
      return;
    }
    const number = Atomics.add(this.#shared.counters, COUNTER.LOG, 1);
    if (this.thread === 0) this.#logOrder.add(number, source, text);
    else this.#neighbours.tell(0, { op: 'log', number, source, text });
  }

  #writeLog(source: Handle, text: string): void {
    if (this.#logger === 0 || !this.deliver(this.#logger, new Message(PTYPE.TEXT, 0, source, [text])))
      this.#logDirectly(source, text);
  }

  closing(handle: Handle, closed: Promise<unknown>): void {
    this.#closing.set(closed, handle);
    const forget = (): void => void this.#closing.delete(closed);
    closed.then(forget, forget);
  }

  watch(watcher: Watcher): void {
    this.#endings.watch(watcher);
  }

  unwatch(watcher: Watcher): void {
    this.#endings.unwatch(watcher);
  }

  /**
   * Hands `write` the lines that the node's own logger will not take any more because the process ends: those of other
   * threads too, as far as they have come.
   */
  drainLog(write: (source: Handle, text: string) => void): void {
    for (let left = LAST_POLLS; left > 0 && this.#neighbours.source?.poll(); left--);
    this.#logOrder.skipMissing();
    const logger = this.#config.logService === undefined ? this.find(this.#logger) : undefined;
    for (let item = logger?.mailbox.shift(); item !== undefined; item = logger?.mailbox.shift())
      if (item.type === PTYPE.TEXT) write((item as Message).source, firstText(item as Message));
  }

  ended(handle: Handle, reason: EndReason): void {
    this.#table.remove(localOf(handle));
    this.#accounts?.close(handle);
    this.#shared.routes?.release(localOf(handle));
    this.names.dropLocal(handle);
    if (this.#monitor !== 0)
      this.deliver(this.#monitor, new Message(PTYPE.CLIENT, 0, handle, new Uint8Array(0)));
    this.#endings.ended(handle, reason);
  }

  redirected(source: Handle, session: number, from: Handle, to: Handle): void {
    const note: Redirection = { source, session, from, to, thread: this.#threadOf(to) };
    const thread = this.#threadOf(source);
    if (thread === this.thread) this.#redirectedHere(note);
    else if (thread >= 0) this.#neighbours.tell(thread, { op: 'redirected', note });
  }

  /** A request of this thread goes on to another service: its end, or the loss of its thread, is what matters now. */
  #redirectedHere(note: Redirection): void {
    const { source, session, from, to, thread } = note;
    const pending = this.find(source)?.sessions.get(session);
    if (pending === undefined) return;
    if (pending.dest !== from) {
      // It went on more than once, and the notes of several threads have overtaken each other.
      const early = this.#early.get(pending) ?? [];
      this.#early.set(pending, [...early, note]);
      return;
    }
    pending.dest = to;
    const next = this.#early.get(pending)?.find((other) => other.from === to);
    if (next !== undefined) this.#redirectedHere(next);
    else if (harborOf(to) === this.harbor && !this.isAlive(to)) void this.#failIfUnanswered(note, thread);
  }

  /** A service has ended, or its thread was lost, perhaps before the note: what it answered has arrived after a ping. */
  async #failIfUnanswered({ source, session, to }: Redirection, thread: number): Promise<void> {
    if (thread >= 0 && thread !== this.thread)
      await this.#neighbours.ask(thread, (id) => ({ op: 'ping', id })).catch(() => {});
    const service = this.find(source);
    const pending = service?.sessions.get(session);
    if (service !== undefined && pending?.dest === to) failLater(service, pending, goneFailure(to));
  }

  kill(handle: Handle, by: Handle): void {
    const thread = this.#threadOf(handle);
    if (thread < 0) {
      this.log(by, `kill: no service ${formatShort(handle)}`);
      return;
    }
    this.log(by, `KILL ${formatShort(handle)}`);
    if (thread === this.thread) this.#killHere(handle);
    else {
      this.#neighbours.tell(thread, { op: 'kill', handle, by });
      void this.#endIfStuck(thread, handle);
    }
  }

  /** Ends a thread that cannot end a service because that very service, or one that was seen to, does not give it back. */
  async #endIfStuck(thread: number, handle: Handle): Promise<void> {
    const { activity } = this.#shared;
    for (let before = activity.at(thread); await this.#isSilent(thread); ) {
      const now = activity.at(thread);
      if (this.#stopping || this.#threadOf(handle) !== thread) return;
      const isStuck = now.handle === handle && now.count === before.count;
      if (isStuck || activity.isHeld(thread)) {
        const holder = isStuck
          ? 'does not stop'
          : `cannot be stopped while ${formatHandle(now.handle)} holds the thread`;
        this.#endThread(thread, `${formatHandle(handle)} was killed and ${holder}`);
        return;
      }
      before = now;
    }
  }

  #endThread(thread: number, reason: string): void {
    if (this.thread === 0) this.#shared.endThread?.(thread, reason);
    else this.#neighbours.tell(0, { op: 'end-thread', thread, reason });
  }

  killAll(handles: readonly Handle[], by: Handle): void {
    for (const handle of handles) if (this.isAlive(handle)) this.kill(handle, by);
  }

  #killHere(handle: Handle): void {
    const service = this.find(handle);
    if (service === undefined) return;
    const isStarting = service.state === STATE.STARTING;
    service.end(
      'killed',
      isStarting ? failedWait('ERR_SERVICE_GONE', `${service.name} was killed while it started`) : undefined,
    );
  }

  setMonitor(handle: Handle): void {
    this.#monitor = handle;
    this.#neighbours.tellAll({ op: 'monitor', handle });
  }

  giveName(name: string, handle: Handle): boolean {
    if (!this.names.add(name, handle)) return false;
    if (isLocalName(name)) return true;
    this.#neighbours.tellAll({ op: 'named' });
    this.#remote.named(name, handle);
    return true;
  }

  wantName(name: string): void {
    this.#remote.wanted(name);
  }

  // --- other nodes

  /** What a network has of this thread, the main one. */
  networkPlace(maxBody: number): NetworkPlace {
    return {
      start: (definition, name, args, kind) => this.start(definition, name, args, kind),
      install: (remote: Remote) => {
        this.#remote.install(remote);
        Atomics.store(this.#shared.counters, COUNTER.MAX_BODY, maxBody);
      },
      deliver: (to, message) => this.deliver(to, message),
      lost: (harbor) => {
        this.#neighbours.tellAll({ op: 'node-lost', harbor });
        this.#nodeLost(harbor);
      },
      gone: (handle, reason) => this.#endings.ended(handle, reason),
      named: (name, handle) => {
        this.names.set(name, handle);
        this.#neighbours.tellAll({ op: 'named' });
      },
      resolved: (message, handle) => {
        const { source, session } = message;
        if (session !== 0) this.redirected(source, session, makeHandle(this.harbor, 0), handle);
        if (!this.deliver(handle, message) && session !== 0)
          this.deliver(source, new Message(PTYPE.ERROR, session, handle, goneFailure(handle)));
      },
    };
  }

  /** Another node is lost: calls to it fail. */
  #nodeLost(harbor: number): void {
    for (const service of this.services()) {
      for (const pending of service.sessions.all()) {
        if (pending.dest !== 0 && harborOf(pending.dest) === harbor)
          failLater(service, pending, nodeLostFailure(pending.dest));
      }
    }
  }

  async listAll(): Promise<NodeList> {
    const silent: number[] = [];
    const asked = this.#neighbours.threads.map((thread) =>
      this.#neighbours
        .ask(thread, (id) => ({ op: 'list', id }), { timeout: PATIENCE })
        .catch((error: unknown) => {
          if (isSkynetError(error, 'ERR_TIMEOUT')) silent.push(thread);
          return [];
        }),
    );
    const lists = (await Promise.all(asked)) as [Handle, string][][];
    return { services: [...this.#list(), ...lists.flat()].sort(([a], [b]) => a - b), silent };
  }

  #list(): [Handle, string][] {
    return this.services().map(({ handle, title }) => [handle, title]);
  }

  #local<T>(key: symbol, create: (thread: ThreadKernel) => T): T {
    if (!this.#locals.has(key)) this.#locals.set(key, create(this.threadKernel));
    return this.#locals.get(key) as T;
  }

  clearCache(): void {
    this.loader.clear();
    this.#neighbours.tellAll({ op: 'clear-cache' });
  }

  stop(): Promise<void> {
    if (this.thread !== 0) this.#neighbours.tell(0, { op: 'abort' });
    return this.#stopNode();
  }

  // --- starting

  launch(request: LaunchRequest): Promise<Handle> {
    return new Promise((resolve) => {
      this.launchThen(request, (error, handle) =>
        resolve(error === undefined ? handle : failAtCaller(error)),
      );
    });
  }

  /** Starts a service for another thread: what it has started meanwhile, and itself as the last. */
  #launchFor(service: string, args: readonly string[]): Promise<Handle[]> {
    return new Promise((resolve, reject) => {
      this.launchThen({ service, args, placement: {} }, (error, handle, withIt = []) =>
        error === undefined ? resolve([...withIt, handle]) : reject(error),
      );
    });
  }

  launchThen({ service, args, placement }: LaunchRequest, done: Started): void {
    const { thread = 'same' } = placement;
    if (typeof service !== 'string' && service?.kind !== 'skynet.service') {
      done(failedWait('ERR_ARGUMENT', `a service is a name or a definition, not ${printable(service)}`), 0);
      return;
    }
    if (
      thread !== 'same' &&
      thread !== 'spread' &&
      !(Number.isInteger(thread) && thread >= 0 && thread < this.#config.thread)
    ) {
      const text = `thread must be "same", "spread" or a number below ${this.#config.thread}, not ${printable(thread)}`;
      done(failedWait('ERR_ARGUMENT', text), 0);
      return;
    }
    const target = thread === 'spread' ? this.#nextThread() : thread;
    if (typeof target === 'number' && target !== this.thread) {
      if (typeof service !== 'string') {
        done(failedWait('ERR_ARGUMENT', 'only a service with a name can be started in another thread'), 0);
        return;
      }
      this.#launchIn(target, service, args, done);
      return;
    }
    if (typeof service !== 'string') {
      this.#startHere(service, service.start.name || 'service', args, done);
      return;
    }
    const loaded = this.loader.cached(service);
    if (loaded !== undefined) {
      this.#startHere(loaded, service, args, done);
      return;
    }
    this.loader.load(service).then(
      (definition) => this.#startHere(definition, service, args, done),
      (error: unknown) => this.#loadFailed(service, args, error, done),
    );
  }

  /** Starts a service in another thread. One that does not take the order is not waited for; it undoes it when it does. */
  #launchIn(thread: number, name: string, args: readonly string[], done: Started): void {
    const launched = this.#neighbours.ask(thread, (id) => ({ op: 'launch', id, name, args: [...args] }));
    let isOver = false;
    const watching = setTimeout(() => {
      void this.#untilHeld(thread, () => isOver).then((failure) => {
        if (isOver || failure === undefined) return;
        isOver = true;
        done(failure, 0);
        launched.then(
          (handles) => this.killAll([...(handles as Handle[])].reverse(), 0),
          () => {},
        );
      });
    }, PATIENCE).unref();
    const settle = (error: unknown, handles: readonly Handle[]): void => {
      clearTimeout(watching);
      if (isOver) return;
      isOver = true;
      done(error, handles.at(-1) ?? 0, handles.slice(0, -1));
    };
    launched.then(
      (handles) => settle(undefined, handles as Handle[]),
      (error: unknown) => settle(error, []),
    );
  }

  /** Why a thread does not answer, once that is known; undefined if it answers, is lost, or nobody waits any more. */
  async #untilHeld(thread: number, isOver: () => boolean): Promise<SkynetError | undefined> {
    const { activity } = this.#shared;
    const { count } = activity.at(thread);
    for (let silences = 1; !isOver() && (await this.#isSilent(thread)); silences++) {
      const now = activity.at(thread);
      if (!activity.isHeld(thread) && (silences < MAX_SILENCES || now.count !== count)) continue;
      const text = `thread ${thread} does not start anything: ${formatHandle(now.handle)} holds it`;
      return failedWait('ERR_TIMEOUT', text, { details: { thread, service: formatHandle(now.handle) } });
    }
    return undefined;
  }

  /** Whether a thread gives no answer for a while. */
  #isSilent(thread: number): Promise<boolean> {
    return this.#neighbours
      .ask(thread, (id) => ({ op: 'ping', id }), { timeout: PATIENCE })
      .then(
        () => false,
        (error: unknown) => isSkynetError(error, 'ERR_TIMEOUT'),
      );
  }

  /** Takes turns among the threads that there are, but for those that a service holds. */
  #nextThread(): number {
    const all = [this.thread, ...this.#neighbours.threads].sort((a, b) => a - b);
    const threads = all.filter((thread) => thread === this.thread || !this.#shared.activity.isHeld(thread));
    const turn = Atomics.add(this.#shared.counters, COUNTER.SPREAD, 1) >>> 0;
    return threads[turn % threads.length] as number;
  }

  /** What cannot be loaded has a number and an end in the log all the same, as in the original. */
  #loadFailed(name: string, args: readonly string[], thrown: unknown, done: Started): void {
    if (this.#stopping) {
      done(thrown, 0);
      return;
    }
    const error =
      thrown instanceof SkynetError
        ? thrown
        : new SkynetError('ERR_SERVICE_MODULE', `${name} cannot be loaded: ${textOf(thrown)}`, {
            cause: thrown,
          });
    const service = this.#add(SNLUA, printable(name), args);
    service.log(`LAUNCH ${service.title}`);
    service.log(`lua loader error : ${describeLoading(error)}`);
    service.log('KILL self');
    service.onStarted = done;
    // Several may wait for one module: each gets an error of its own.
    service.end('failed', startError(service, error.code, error.message, error.cause, error.details));
  }

  #startHere(definition: ServiceDefinition, name: string, args: readonly string[], done: Started): void {
    const preload = this.#preload;
    this.#start(preload === undefined ? definition : preloaded(definition, preload), name, args, SNLUA, done);
  }

  /** Loads what runs before every service, if the configuration names something. @throws ERR_CONFIG. */
  async prepare(): Promise<void> {
    const { preload } = this.#config;
    if (preload !== undefined) this.#preload = await loadPreload(preload);
  }

  /** Starts an instance; resolves when its start function has returned. `kind` is the word of the LAUNCH line. */
  start(
    definition: ServiceDefinition,
    name: string,
    args: readonly string[],
    kind: string = SNLUA,
  ): Promise<Handle> {
    return new Promise((resolve, reject) => {
      this.#start(definition, name, args, kind, (error, handle) =>
        error === undefined ? resolve(handle) : reject(error),
      );
    });
  }

  // Services are started by the hundred thousand: no promise and one closure for each, all of it the caller's.
  #start(
    definition: ServiceDefinition,
    name: string,
    args: readonly string[],
    kind: string,
    done: Started,
  ): void {
    if (this.#stopping) {
      done(failedWait('ERR_NODE_STOPPED', 'the node is stopping'), 0);
      return;
    }
    const service = this.#add(kind, name, definition.shownArgs?.(args) ?? args);
    service.log(`LAUNCH ${service.title}${kind === '' ? ' ' : ''}`);
    service.onStarted = done;
    // The original starts through a timer of its own, which takes session 1.
    service.sessions.next();
    service.push(new WorkTask(this.#runStart, [service, definition, args]));
  }

  /** Gives a new service its number and its place. */
  #add(kind: string, name: string, args: readonly string[]): Service {
    const { routes } = this.#shared;
    const make = (local: number): Service =>
      new Service(this, makeHandle(this.harbor, local), local, kind, name, args, DEFAULT_PROTOCOLS);
    const service =
      routes === undefined ? this.#table.add(make) : make(routes.allocate(this.#isFree, this.thread));
    if (routes !== undefined) this.#table.put(service);
    this.#accounts?.open(service.handle);
    return service;
  }

  readonly #isFree = (local: number): boolean => this.#table.isFree(local);

  /** The first task of a service. */
  readonly #runStart = (
    service: Service,
    definition: ServiceDefinition,
    args: readonly string[],
  ): unknown => {
    try {
      const result = definition.start(new Context(service, this), ...args);
      const inits = service.takeInits();
      if (!(result instanceof Promise) && inits === undefined) return this.#started(service, result);
      return whenReady(service, result, inits ?? []).then(
        (value) => this.#started(service, value),
        (thrown: unknown) => this.#startFailed(service, thrown),
      );
    } catch (thrown) {
      return this.#startFailed(service, thrown);
    }
  };

  #started(service: Service, result: unknown): void {
    if (service.state !== STATE.STARTING) return;
    service.state = STATE.RUNNING;
    const brood = service.takeBrood();
    if (isCommandTable(result)) service.setHandler(PTYPE.LUA, result);
    const { onStarted } = service;
    service.onStarted = undefined;
    onStarted?.(undefined, service.handle, brood?.handles);
  }

  #startFailed(service: Service, thrown: unknown): void {
    // A start that was killed has failed; one that ends its service is told of when that has ended.
    if (!service.alive || (isExit(thrown) && !(thrown instanceof KillSignal))) return;
    service.log(`init service failed: ${describe(thrown)}`);
    service.log('KILL self');
    markTold(thrown, 'logged');
    const reason = reasonIn(messageOf(thrown));
    const text = callFailed(`${service.name} could not start: ${reason}`);
    // What it has started is of no use to anybody without it.
    this.killAll(service.takeBrood()?.fail() ?? [], service.handle);
    service.end('failed', startError(service, 'ERR_SERVICE_INIT', text, thrown));
  }

  /** The service that takes the log. */
  get logger(): Handle {
    return this.#logger;
  }

  /** Makes a service the one that takes the log. */
  setLogger(handle: Handle): void {
    this.#logger = handle;
  }

  // --- other threads

  arrived(to: Handle, message: Message): void {
    if (this.#isRemote(to)) {
      this.#remote.deliver(to, message);
      return;
    }
    const service = this.#table.get(localOf(to));
    if (service !== undefined) {
      service.push(message);
      return;
    }
    const { session, type, source } = message;
    // It ended while the message was under way.
    if (session !== 0 && type !== PTYPE.RESPONSE && type !== PTYPE.ERROR) {
      this.deliver(source, new Message(PTYPE.ERROR, session, to, goneFailure(to)));
    }
  }

  carryOut(order: Order): Promise<unknown> | undefined {
    switch (order.op) {
      case 'launch':
        return this.#launchFor(order.name, order.args);
      case 'list':
        return Promise.resolve(this.#list());
      case 'ping':
        return Promise.resolve();
      case 'end-thread':
        this.#endThread(order.thread, order.reason);
        break;
      case 'stop':
        return this.shutdown(order.deadline);
      case 'abort':
        void this.stop();
        break;
      case 'kill':
        this.#killHere(order.handle);
        break;
      case 'monitor':
        this.#monitor = order.handle;
        break;
      case 'log':
        this.#logOrder.add(order.number, order.source, order.text);
        break;
      case 'endless':
        this.find(order.handle)?.markEndless(order.report);
        break;
      case 'watch':
        this.#endings.requested(order.from, order.handle, order.on);
        break;
      case 'redirected':
        this.#redirectedHere(order.note);
        break;
      case 'gone':
        this.#endings.heard(order.handle, order.reason);
        break;
      case 'named':
        this.names.tellWaiting();
        break;
      case 'node-lost':
        this.#nodeLost(order.harbor);
        break;
      case 'to-name':
      case 'name-given':
      case 'name-wanted':
        this.#remote.carryOut(order);
        break;
      case 'clear-cache':
        this.loader.clear();
        break;
    }
    return undefined;
  }

  /** It goes to the service if that lives in the thread that took the place; else who asked is told. */
  unread(to: Handle, message: Message): void {
    const { session, type, source } = message;
    if (this.deliver(to, message)) return;
    if (session !== 0 && type !== PTYPE.RESPONSE && type !== PTYPE.ERROR)
      this.deliver(source, new Message(PTYPE.ERROR, session, to, threadLostFailure(to)));
  }

  overloaded(thread: number, length: number, to: Handle, { type, source }: Message): void {
    this.log(
      source,
      `May overload, messages waiting for thread ${thread} = ${length}, the last to ${formatHandle(to)}, type ${type}`,
    );
  }

  /** A thread is gone with all its services, and another was started in its place, or none. */
  threadLost(thread: number, handles: readonly Handle[], peer: PeerSetup | undefined): void {
    const lost = new Set(handles);
    this.#neighbours.replace(thread, peer);
    this.#endings.threadLost(thread);
    this.#logOrder.skipMissing();
    this.names.dropLost((handle) => lost.has(handle));
    for (const service of this.services()) {
      for (const pending of service.sessions.all()) {
        if (lost.has(pending.dest)) failLater(service, pending, threadLostFailure(pending.dest));
      }
    }
  }

  /** Tells the monitor of services that were lost with their thread. */
  tellMonitor(handles: readonly Handle[]): void {
    if (this.#monitor === 0) return;
    for (const handle of handles)
      this.deliver(this.#monitor, new Message(PTYPE.CLIENT, 0, handle, new Uint8Array(0)));
  }

  get monitor(): Handle {
    return this.#monitor;
  }

  /** A monitor chosen before this thread was started. */
  adoptMonitor(handle: Handle): void {
    this.#monitor = handle;
  }

  /** A service was found in an endless loop, and the watchdog's report of that has this number. */
  markEndless(handle: Handle, report: number): void {
    const thread = this.#threadOf(handle);
    if (thread === this.thread) this.find(handle)?.markEndless(report);
    else if (thread >= 0) this.#neighbours.tell(thread, { op: 'endless', handle, report });
  }

  /** Stops the services of another thread. */
  stopThread(thread: number, deadline: number): Promise<unknown> {
    return this.#neighbours.ask(thread, (id) => ({ op: 'stop', id, deadline }));
  }

  /** What is there that may be left behind. */
  holdings(): { services: string[]; tasks: string[]; timers: number } {
    const services = this.services();
    return {
      services: services.map(({ handle, title }) => `${formatHandle(handle)} ${title}`),
      tasks: services.flatMap((service) =>
        service.suspended().map(({ waitsFor }) => {
          const what = waitsFor === 0 ? 'time or wakeup' : formatHandle(waitsFor);
          return `of ${formatHandle(service.handle)} ${service.title} waits for ${what}`;
        }),
      ),
      timers: this.#timers.size,
    };
  }

  // --- stopping

  /** Runs the exit hooks of all services, last started first, then ends them; gives up after `deadline` ms. Once. */
  shutdown(deadline: number): Promise<void> {
    this.#shutdown ??= this.#stopServices(deadline);
    return this.#shutdown;
  }

  async #stopServices(deadline: number): Promise<void> {
    this.#stopping = true;
    const running = this.services().filter(({ handle }) => handle !== this.#logger);
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<'late'>((resolve) => {
      timer = setTimeout(resolve, deadline, 'late');
    });
    for (const service of running.reverse()) {
      const hooks = new Promise<'done'>((resolve) => {
        service.push(new WorkTask(() => service.runExitHooks().then(() => resolve('done')), []));
      });
      if (service.hasExitHooks && (await Promise.race([hooks, late])) === 'late') {
        this.log(service.handle, `did not finish its exit hooks within ${deadline} ms`);
        break;
      }
    }
    for (const service of running) service.end('stopped');
    if ((await Promise.race([Promise.all(this.#closing.keys()), late])) === 'late') {
      for (const handle of new Set(this.#closing.values()))
        this.log(handle, `did not close what it had opened within ${deadline} ms`);
    }
    for (const close of this.#closers.splice(0)) await Promise.race([close(), late]);
    clearTimeout(timer);
    const logger = this.find(this.#logger);
    do await new Promise((resolve) => setImmediate(resolve));
    while (logger !== undefined && logger.mailbox.length > 0);
    logger?.end('stopped');
    this.#timers.close();
  }
}

/** What the start function returned, once it and everything given to `skynet.init` meanwhile have finished. */
async function whenReady(
  service: Service,
  result: unknown,
  inits: readonly Promise<unknown>[],
): Promise<unknown> {
  const [value] = await Promise.all([result, ...inits]);
  for (let more = service.takeInits(); more !== undefined; more = service.takeInits())
    await Promise.all(more);
  return value;
}

/** What the starter of a service gets whose failure the service has logged. */
function startError(
  { name, handle }: Service,
  code: ErrorCode,
  text: string,
  cause: unknown,
  details: SkynetError['details'] = { name },
): SkynetError {
  const error = failedWait(code, text, {
    ...(cause === undefined ? {} : { cause }),
    details: { ...details, service: formatHandle(handle) },
  });
  markTold(cause, 'logged');
  markTold(error, 'passed');
  return error;
}

/** Why a service could not be loaded, as the original's log tells it. */
function describeLoading(error: SkynetError): string {
  const { code, message } = error;
  return code === 'ERR_SERVICE_NOT_FOUND' ? message.slice(message.indexOf('\n') + 1) : describe(error);
}

/** Makes a call fail behind what its service has been sent: an answer may be among that. */
function failLater(service: Service, { session, dest }: Pending, error: SkynetError): void {
  service.push(new Message(PTYPE.ERROR, session, dest, error));
}

/** What the callers of a service get whose thread was lost. */
function threadLostFailure(service: Handle): SkynetError {
  const text = formatHandle(service);
  return failedWait('ERR_SERVICE_GONE', `call failed: the thread of ${text} was lost`, {
    details: { service: text },
  });
}

function firstText({ body }: Message): string {
  return Array.isArray(body) ? String(body[0]) : '';
}

function isCommandTable(value: unknown): value is CommandTable {
  return (
    typeof value === 'object' &&
    value !== null &&
    Object.values(value).some((part) => typeof part === 'function')
  );
}

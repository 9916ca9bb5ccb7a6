import type { ContextHost } from '../actor/context.ts';
import { answerDebug } from '../actor/debug-commands.ts';
import { noteEndless } from '../actor/endless.ts';
import { describe, overloadedFailure } from '../actor/failure.ts';
import type { Host } from '../actor/host.ts';
import { hasExitHooks, runExitHooks } from '../actor/leaving.ts';
import { ServiceLoader } from '../actor/loader.ts';
import { createModules, serviceOfPackage } from '../actor/modules.ts';
import { Refusals } from '../actor/refusals.ts';
import type { ActiveRequest } from '../actor/request.ts';
import { type Service, setDebugCommands } from '../actor/service.ts';
import { ServiceStarter } from '../actor/service-starter.ts';
import { suspendedTasks } from '../actor/suspended.ts';
import { WorkTask } from '../actor/task.ts';
import type { Timer } from '../actor/timer.ts';
import type { ResolvedConfig } from '../config/config.ts';
import type { EndReason } from '../contracts/ending.ts';
import type { ThreadKernel } from '../contracts/kernel.ts';
import type { Network, NetworkPlace, Remote } from '../contracts/remote.ts';
import { Environment } from '../env.ts';
import { formatHandle, type Handle } from '../handle.ts';
import { drainLines, ThreadLog, type WriteLine } from '../log/thread-log.ts';
import { LimitedMessage, Message } from '../message.ts';
import { PTYPE } from '../protocol.ts';
import { Endings } from '../route/endings.ts';
import { isLocalName, NameTable } from '../route/name-table.ts';
import { Redirections } from '../route/redirections.ts';
import { RemoteRoute } from '../route/remote-route.ts';
import { NETWORK_THREAD, Router } from '../route/router.ts';
import { CpuAccounts, type WorkListener } from '../schedule/cpu-accounts.ts';
import { type Runnable, Scheduler } from '../schedule/scheduler.ts';
import { soon } from '../schedule/settling.ts';
import { TalkSamples } from '../schedule/talk-samples.ts';
import { HOST_TIME, type TimeSource } from '../schedule/time-source.ts';
import { Timers } from '../schedule/timers.ts';
import { provideBuiltIns } from '../services/built-in.ts';
import type { NodeList } from '../services/launcher.ts';
import { SheetStore } from '../sharedata/sheet-store.ts';
import type { PlaceOffer, TalkReport } from '../threads/learnt-talk.ts';
import { Moves } from '../threads/moves.ts';
import { Neighbours, type Order, type Resident } from '../threads/neighbours.ts';
import { OtherThreads, type ServiceList } from '../threads/other-threads.ts';
import { ThreadPlacement } from '../threads/thread-placement.ts';
import { ThreadTalk } from '../threads/thread-talk.ts';
import type { PeerSetup } from '../threads/wire.ts';
import type { Transports } from '../transport/contract.ts';
import { COUNTER, type SharedParts, SparedThreads } from './shared-parts.ts';

// A call, not an import for its effect: bundlers leave those out.
setDebugCommands(answerDebug);

/** Looks into the rings when the process ends at once; somebody may fill them faster than they are read. */
const LAST_POLLS = 1000;

/**
 * One thread of a node. It puts its parts together (who is where, who starts services, who is told of ends, who takes the
 * log), carries out what other threads order, and stops all of it.
 */
export class NodeThread implements Host, ContextHost, Resident {
  readonly thread: number;
  readonly router: Router<Service>;
  readonly redirections: Redirections;
  readonly endings: Endings;
  readonly names: NameTable;
  readonly environment: Environment;
  readonly threadKernel: ThreadKernel;
  readonly starter: ServiceStarter;
  readonly others: OtherThreads;
  readonly moves: Moves;
  readonly lines: ThreadLog;
  readonly callTimeout: number;
  readonly startTime: number;
  readonly startFraction: number;
  readonly #config: ResolvedConfig;
  readonly #loader: ServiceLoader;
  readonly #activity: WorkListener;
  readonly #accounts: CpuAccounts | undefined;
  /** Undefined in a node that does not learn where services belong. */
  readonly #placement: ThreadPlacement | undefined;
  readonly #talk: ThreadTalk;
  readonly #scheduler: Scheduler;
  readonly #time: TimeSource;
  readonly backlog: number;
  /** By thread. */
  readonly #refusals = new Map<number, Refusals>();
  readonly #timers: Timers<Timer>;
  readonly #shared: SharedParts;
  readonly #spared: SparedThreads;
  readonly #neighbours: Neighbours;
  readonly #origin: number;
  /** What services opened and is being closed, with the service. */
  readonly #closing = new Map<Promise<unknown>, Handle>();
  readonly #closers: (() => void | Promise<void>)[] = [];
  readonly #stopNode: () => Promise<void>;
  #shutdown: Promise<void> | undefined;

  /** `logDirectly` takes lines while there is no logger: before it starts, and after it ended. */
  constructor(
    config: ResolvedConfig,
    transports: Transports,
    shared: SharedParts,
    logDirectly: WriteLine,
    stopNode: () => Promise<void>,
  ) {
    const { thread, threads, activity } = shared;
    this.#config = config;
    this.#shared = shared;
    this.thread = thread;
    this.#accounts = config.profile ? new CpuAccounts(activity) : undefined;
    const listener = this.#accounts ?? activity;
    const isLearning = config.placement === 'auto' && threads > 1;
    const samples = isLearning ? new TalkSamples(listener, thread) : undefined;
    this.#activity = samples ?? listener;
    this.#placement = isLearning ? new ThreadPlacement((other) => this.others.canTake(other)) : undefined;
    this.#scheduler = new Scheduler(
      () => this.#activity.idle(),
      shared.random,
      (thrown) => this.log(0, `thread ${thread}: ${describe(thrown)}`),
    );
    this.names = new NameTable(shared.names);
    this.environment = new Environment(shared.environment);
    this.callTimeout = config.callTimeout;
    // The host's time starts with the thread, the node's with the node.
    this.#time = shared.time ?? HOST_TIME;
    this.#origin = shared.origin - this.#time.zero;
    this.startTime = Math.floor(shared.origin / 1000);
    this.startFraction = Math.floor((shared.origin % 1000) / 10);
    this.#loader = new ServiceLoader(config.services, config.base, (name) =>
      serviceOfPackage(name, shared.packages, config.base),
    );
    provideBuiltIns(this.#loader, shared.packages);
    this.#timers = new Timers(
      this.#time,
      () => this.clock(),
      (timer) => timer.owner.fired(timer),
    );
    this.#stopNode = stopNode;
    this.backlog = config.threadBacklog ?? Number.POSITIVE_INFINITY;
    const neighbours = new Neighbours(this, shared.peers, shared.incarnation);
    this.#neighbours = neighbours;
    const remote = new RemoteRoute({
      maxBody: () => Atomics.load(shared.counters, COUNTER.MAX_BODY),
      hasValues: () => Atomics.load(shared.counters, COUNTER.HAS_VALUES) > 0,
      post: (to, message) => neighbours.post(NETWORK_THREAD, to, message),
      tell: (order) => neighbours.tell(NETWORK_THREAD, order),
      log: (source, text) => this.log(source, text),
    });
    const router: Router<Service> = new Router(
      {
        thread,
        harbor: config.harbor,
        routes: shared.routes,
        post: (to, handle, message) => neighbours.post(to, handle, message),
        postValues: (to, handle, type, session, source, values) =>
          neighbours.linkTo(to)?.postValues(handle, type, session, source, values),
        passOn: (to, handle, message) => neighbours.post(to, handle, message, true),
        killIn: (to, handle, by) => this.others.kill(to, handle, by),
        cancelIn: (to, handle, source, session) =>
          neighbours.tell(to, { op: 'cancel', to: handle, source, session }),
        log: (source, text) => this.note(source, text),
      },
      remote,
    );
    this.router = router;
    this.lines = new ThreadLog({
      ...(threads === 1 ? {} : { order: this.#lineOrder() }),
      deliver: (to, message) => router.deliver(to, message),
      directly: logDirectly,
    });
    const spared = new SparedThreads(shared.counters);
    this.#spared = spared;
    this.others = new OtherThreads(neighbours, router, {
      thread,
      activity,
      isStopping: () => this.starter.isStopping,
      isSpared: (other) => spared.has(other),
      nextTurn: () => Atomics.add(shared.counters, COUNTER.SPREAD, 1) >>> 0,
      ...(shared.endThread === undefined ? {} : { endThread: shared.endThread }),
    });
    this.redirections = new Redirections(router, {
      thread,
      tell: (to, note) => neighbours.tell(to, { op: 'redirected', note }),
      wentTo: (handle) => this.moves.wentTo(handle),
      heardOut: (other) => this.others.heardOut(other),
    });
    this.endings = new Endings({
      thread,
      placeOf: (handle) => router.placeOf(handle),
      watchRemote: (handle) => {
        if (router.isRemote(handle)) remote.watch(handle);
      },
      deliver: (to, message) => router.deliver(to, message),
      request: (to, handle, on, from = thread) => neighbours.tell(to, { op: 'watch', from, handle, on }),
      tell: (to, handle, reason) => neighbours.tell(to, { op: 'gone', handle, reason }),
    });
    this.starter = new ServiceStarter({
      host: this,
      router,
      loader: this.#loader,
      others: this.others,
      thread,
      threads: config.thread,
      accounts: this.#accounts,
      placement: this.#placement,
    });
    this.moves = new Moves({
      thread,
      threads,
      host: this,
      router,
      endings: this.endings,
      names: this.names,
      neighbours,
      starter: this.starter,
      routes: shared.routes,
      accounts: this.#accounts,
      placement: this.#placement,
      forget: (handle) => this.#forget(handle),
    });
    this.#talk = new ThreadTalk(
      {
        thread,
        looked: () => neighbours.looked,
        count: () => router.size,
        find: (handle) => router.find(handle),
        canMove: (service) => this.moves.canMove(service),
        isPinned: (service) => this.#placement?.isPinned(service) ?? false,
        logger: () => this.lines.logger,
      },
      samples,
    );
    this.threadKernel = this.#kernel(transports);
    // The main thread decides for the others, whether or not it has services that share data.
    if (thread === 0 && threads > 1) SheetStore.of(this.threadKernel);
    if (neighbours.source !== undefined) this.#scheduler.attach(neighbours.source);
    neighbours.open();
  }

  /** How lines get their place among those of the other threads. */
  #lineOrder(): { nextNumber(): number; toMain?: (number: number, source: Handle, text: string) => void } {
    const nextNumber = (): number => Atomics.add(this.#shared.counters, COUNTER.LOG, 1);
    if (this.thread === 0) return { nextNumber };
    return {
      nextNumber,
      toMain: (number, source, text) => this.#neighbours.tell(0, { op: 'log', number, source, text }),
    };
  }

  /** What packages get of the thread. */
  #kernel(transports: Transports): ThreadKernel {
    const { thread, threads, packages, counters } = this.#shared;
    const locals = new Map<symbol, unknown>();
    const isStopping = (): boolean => this.starter.isStopping;
    const kernel: ThreadKernel = {
      number: thread,
      transports,
      modules: createModules(this.#loader, packages, this.#config.base),
      log: (source, text) => this.log(source, text),
      threads,
      deliver: (to, message) => this.router.deliver(to, message),
      start: (definition, name) => this.starter.start(definition, name, []),
      get networkHasValues() {
        return Atomics.load(counters, COUNTER.HAS_VALUES) > 0;
      },
      get hasNetwork() {
        return Atomics.load(counters, COUNTER.MAX_BODY) > 0;
      },
      get isStopping() {
        return isStopping();
      },
      registry: packages,
      clock: () => this.clock() / this.#config.timeScale,
      nextId: () => (Atomics.add(counters, COUNTER.ID, 1) + 1) * threads + thread - (threads - 1),
      threadOf: (id) => (id + threads - 1) % threads,
      post: (to, key, values, memories = []) =>
        this.#neighbours.tell(to, {
          op: 'driver',
          key,
          values,
          ...(memories.length === 0 ? {} : { memories }),
        }),
      onPost: (key, take) => this.#neighbours.onPost(key, take),
      local: <T>(key: symbol, create: (thread: ThreadKernel) => T): T => {
        if (!locals.has(key)) locals.set(key, create(kernel));
        return locals.get(key) as T;
      },
      onThreadLost: (listener) => this.#neighbours.onLost(listener),
      onStop: (close) => void this.#closers.push(close),
    };
    return kernel;
  }

  // --- what services ask for

  ready(service: Runnable): void {
    this.#scheduler.ready(service);
  }

  clock(): number {
    return this.#time.now() - this.#origin;
  }

  deadlineAfter(milliseconds: number): number {
    return this.clock() + milliseconds * this.#config.timeScale;
  }

  leftUntil(deadline: number): number {
    return (deadline - this.clock()) / this.#config.timeScale;
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
    if (this.#scheduler.settling > 0) soon(() => this.#activity.working(handle, 0, PTYPE.RESPONSE));
  }

  endlessReport(handle: Handle): number {
    return this.#shared.activity.reportOf(this.thread, handle);
  }

  cpuOf(handle: Handle): number {
    return this.#accounts?.seconds(handle) ?? 0;
  }

  async reload(handle: Handle, module: string | undefined, patience: number): Promise<void> {
    const service = this.router.find(handle);
    if (service !== undefined) await this.starter.reload(service, module, patience);
  }

  async move(handle: Handle, request: ActiveRequest, thread: number, patience: number): Promise<void> {
    const service = this.router.find(handle);
    if (service !== undefined) await this.moves.move(service, request, thread, patience);
  }

  pin(handle: Handle, on: boolean): void {
    const service = this.router.find(handle);
    if (service !== undefined) this.#placement?.pin(service, on);
  }

  log(source: Handle, words: string): void {
    this.lines.add(source, words);
  }

  note(source: Handle, text: string): void {
    this.lines.note(source, text);
  }

  closing(handle: Handle, closed: Promise<unknown>): void {
    this.#closing.set(closed, handle);
    const forget = (): void => void this.#closing.delete(closed);
    closed.then(forget, forget);
  }

  ended(handle: Handle, reason: EndReason): void {
    // It was to come from another thread, where it is still at work.
    if (this.router.guest(handle)?.hasArrived === false) return;
    this.router.remove(handle);
    this.#accounts?.close(handle);
    this.names.dropLocal(handle);
    this.endings.ended(handle, reason);
  }

  released(handle: Handle): void {
    if (this.router.guest(handle) === undefined) this.router.release(handle);
  }

  giveName(name: string, handle: Handle): boolean {
    if (!this.names.add(name, handle)) return false;
    if (isLocalName(name)) return true;
    this.#neighbours.tellAll({ op: 'named' });
    this.router.remote.named(name, handle);
    return true;
  }

  giveUpName(name: string): boolean {
    if (!this.names.remove(name)) return false;
    if (!isLocalName(name)) this.router.remote.unnamed(name);
    return true;
  }

  /** Makes a service the one that is told of every end, in all threads. */
  setMonitor(handle: Handle): void {
    this.endings.monitor = handle;
    this.#neighbours.tellAll({ op: 'monitor', handle });
  }

  /** What lives in all threads. */
  async listAll(): Promise<NodeList> {
    const { services, silent } = await this.others.list();
    return { services: [...this.#list(), ...services].sort(([a], [b]) => a - b), silent };
  }

  #list(): ServiceList {
    return this.router.services().map(({ handle, title }) => [handle, title]);
  }

  get threads(): number {
    return this.#shared.threads;
  }

  spare(thread: number): void {
    this.#spared.add(thread);
  }

  freeThread(): number | undefined {
    return this.others.free();
  }

  /** Whether the node learns where services belong. */
  get isLearning(): boolean {
    return this.#placement !== undefined;
  }

  isSpared(thread: number): boolean {
    return this.#spared.has(thread);
  }

  async talk(): Promise<{ reports: readonly TalkReport[]; silent: readonly number[] }> {
    const { reports, silent } = await this.others.talk();
    return { reports: [this.#talk.report(), ...reports], silent };
  }

  offerPlaces(offers: readonly PlaceOffer[]): void {
    this.#placement?.learn(offers);
    this.#neighbours.tellAll({ op: 'places', offers });
  }

  clearCache(): void {
    this.#loader.clear();
    this.#neighbours.tellAll({ op: 'clear-cache' });
  }

  /** Ends the node. */
  stop(): Promise<void> {
    if (this.thread !== 0) this.#neighbours.tell(0, { op: 'abort' });
    return this.#stopNode();
  }

  // --- other nodes

  /** What a network has of this thread, the main one. */
  networkPlace({ maxBody, hasValues = false }: Network): NetworkPlace {
    const { router, endings } = this;
    return {
      start: (definition, name, args, kind) => this.starter.start(definition, name, args, kind),
      install: (remote: Remote) => {
        router.remote.install(remote);
        Atomics.store(this.#shared.counters, COUNTER.HAS_VALUES, hasValues ? 1 : 0);
        Atomics.store(this.#shared.counters, COUNTER.MAX_BODY, maxBody);
      },
      deliver: (to, message) => router.deliver(to, message),
      leftFor: ({ deadline }) => (deadline === 0 ? Number.POSITIVE_INFINITY : this.leftUntil(deadline)),
      limited: ({ type, session, source, body }, left) =>
        new LimitedMessage(type, session, source, body, this.deadlineAfter(left)),
      cancelled: (to, source, session) => router.cancelRequest(to, source, session),
      threadOf: (handle) => router.threadOf(handle),
      lost: (harbor) => {
        this.#neighbours.tellAll({ op: 'node-lost', harbor });
        router.nodeLost(harbor);
      },
      gone: (handle, reason) => endings.tell(handle, reason),
      named: (name, handle) => {
        this.names.set(name, handle);
        this.#neighbours.tellAll({ op: 'named' });
      },
      unnamed: (name, handle) => {
        if (this.names.get(name) === handle) this.names.remove(name);
      },
      resolved: (message, handle) => {
        const { source, session } = message;
        if (session !== 0) this.redirections.add(source, session, router.unknown, handle);
        if (!router.deliver(handle, message)) router.refuse(handle, message);
      },
    };
  }

  // --- other threads

  arrived(to: Handle, message: Message, from: number): void {
    this.router.arrived(to, message, from);
  }

  unread(to: Handle, message: Message): void {
    this.router.unread(to, message);
  }

  overloaded(thread: number, length: number, to: Handle, message: Message): void {
    const { source } = message;
    this.log(
      source,
      `May overload, messages waiting for thread ${thread} = ${length}, the last from ${formatHandle(source)} to ${formatHandle(to)}, type ${this.#typeName(message)}`,
    );
  }

  refused(thread: number, to: Handle, message: Message): void {
    const { source, session } = message;
    const refusals = this.#refusals.get(thread) ?? new Refusals();
    this.#refusals.set(thread, refusals);
    const count = refusals.add(this.clock());
    if (count !== undefined)
      this.log(
        source,
        `Overloaded, ${count} ${count === 1 ? 'message' : 'messages'} for thread ${thread} refused (threadBacklog ${this.backlog}), the last from ${formatHandle(source)} to ${formatHandle(to)}, type ${this.#typeName(message)}`,
      );
    if (session !== 0)
      this.router.deliver(source, new Message(PTYPE.ERROR, session, to, overloadedFailure(to)));
  }

  /** Name of a message's type, as its sender calls it. */
  #typeName({ source, type }: Message): string {
    return this.router.find(source)?.protocols.numbered(type)?.name ?? String(type);
  }

  carryOut(order: Order, from: number): Promise<unknown> | undefined {
    switch (order.op) {
      case 'launch':
        return this.starter.launchFor(order.name, order);
      case 'list':
        return Promise.resolve(this.#list());
      case 'talk':
        return Promise.resolve(this.#talk.report());
      case 'places':
        this.#placement?.learn(order.offers);
        break;
      case 'ping':
        return Promise.resolve();
      case 'end-thread':
        this.others.end(order.thread, order.reason);
        break;
      case 'stop':
        return this.shutdown(order.deadline);
      case 'abort':
        void this.stop();
        break;
      case 'kill':
        this.router.killHere(order.handle, order.by);
        break;
      case 'cancel':
        this.router.inOrder(order.to, from, () =>
          this.router.cancelRequest(order.to, order.source, order.session),
        );
        break;
      case 'monitor':
        this.endings.monitor = order.handle;
        break;
      case 'log':
        this.lines.arrived(order.number, order.source, order.text);
        break;
      case 'endless':
        this.markEndless(order.handle, order.report);
        break;
      case 'watch':
        this.router.inOrder(order.handle, from, () =>
          this.endings.requested(order.from, order.handle, order.on),
        );
        break;
      case 'redirected':
        this.redirections.noted(order.note);
        break;
      case 'gone':
        this.endings.heard(order.handle, order.reason);
        break;
      case 'named':
        this.names.tellWaiting();
        break;
      case 'arrive':
        return this.moves.arrive(order, from);
      case 'dismiss':
        this.moves.dismiss(order.handle);
        break;
      case 'commit':
        this.moves.committed(order);
        break;
      case 'moved':
        return this.moves.moved(order);
      case 'cleared':
        this.router.heardOut(order.handle, order.thread);
        break;
      case 'service-lost':
        this.#forget(order.handle);
        break;
      case 'node-lost':
        this.router.nodeLost(order.harbor);
        break;
      case 'to-name':
      case 'name-given':
      case 'name-given-up':
      case 'name-wanted':
        this.router.remote.carryOut(order);
        break;
      case 'clear-cache':
        this.#loader.clear();
        break;
    }
    return undefined;
  }

  /** A thread is gone with all its services, and another was started in its place, or none. */
  threadLost(thread: number, handles: readonly Handle[], peer: PeerSetup | undefined): void {
    const lost = new Set(handles);
    this.#neighbours.replace(thread, peer);
    if (this.thread === 0) this.#spared.delete(thread);
    this.moves.threadLost(thread);
    this.endings.threadLost(thread, lost);
    this.lines.skipMissing();
    this.names.dropLost((handle) => lost.has(handle));
    this.router.threadLost(lost);
  }

  /** A service was lost on its way between two threads. */
  #forget(handle: Handle): void {
    this.endings.heard(handle, 'thread-lost');
    this.names.dropLost((lost) => lost === handle);
    this.router.threadLost(new Set([handle]));
  }

  /** A service was found in an endless loop, and the watchdog's report of that has this number. */
  markEndless(handle: Handle, report: number): void {
    const thread = this.router.threadOf(handle);
    const service = this.router.find(handle);
    if (service !== undefined) noteEndless(service, report);
    else if (thread >= 0 && thread !== this.thread)
      this.#neighbours.tell(thread, { op: 'endless', handle, report });
  }

  /** What is there that may be left behind. */
  holdings(): { services: string[]; tasks: string[]; timers: number } {
    const services = this.router.services();
    return {
      services: services.map(({ handle, title }) => `${formatHandle(handle)} ${title}`),
      tasks: services.flatMap((service) =>
        suspendedTasks(service).map(({ waitsFor }) => {
          const what = waitsFor === 0 ? 'time or wakeup' : formatHandle(waitsFor);
          return `of ${formatHandle(service.handle)} ${service.title} waits for ${what}`;
        }),
      ),
      timers: this.#timers.size,
    };
  }

  // --- stopping

  /**
   * Hands `write` the lines that the node's own logger will not take any more because the process ends: those of other
   * threads too, as far as they have come.
   */
  drainLog(write: WriteLine): void {
    for (let left = LAST_POLLS; left > 0 && this.#neighbours.source?.poll(); left--);
    this.lines.skipMissing();
    const logger = this.router.find(this.lines.logger);
    if (this.#config.logService === undefined && logger !== undefined) drainLines(logger.mailbox, write);
  }

  /** Runs the exit hooks of all services, last started first, then ends them; gives up after `deadline` ms. Once. */
  shutdown(deadline: number): Promise<void> {
    this.#shutdown ??= this.#stopServices(deadline);
    return this.#shutdown;
  }

  async #stopServices(deadline: number): Promise<void> {
    this.starter.stop();
    this.moves.stop();
    const running = this.router.services().filter(({ handle }) => handle !== this.lines.logger);
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<'late'>((resolve) => {
      timer = setTimeout(resolve, deadline, 'late');
    });
    for (const service of running.reverse()) {
      const hooks = new Promise<'done'>((resolve) => {
        service.push(new WorkTask(() => runExitHooks(service).then(() => resolve('done')), []));
      });
      if (hasExitHooks(service) && (await Promise.race([hooks, late])) === 'late') {
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
    const logger = this.router.find(this.lines.logger);
    do await new Promise((resolve) => setImmediate(resolve));
    while (logger !== undefined && logger.mailbox.length > 0);
    logger?.end('stopped');
    this.#timers.close();
  }
}

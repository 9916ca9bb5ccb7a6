import type { ContextHost } from '../actor/context-host.ts';
import { answerDebug } from '../actor/debug-commands.ts';
import { noteEndless } from '../actor/endless.ts';
import { describe } from '../actor/failure.ts';
import type { Host } from '../actor/host.ts';
import { ServiceLoader } from '../actor/loader.ts';
import { serviceOfPackage } from '../actor/modules.ts';
import type { ActiveRequest } from '../actor/request.ts';
import { type Service, setDebugCommands } from '../actor/service.ts';
import { ServiceStarter } from '../actor/service-starter.ts';
import { suspendedTasks } from '../actor/suspended.ts';
import type { Timer } from '../actor/timer.ts';
import type { ResolvedConfig } from '../config/config.ts';
import type { EndReason } from '../contracts/ending.ts';
import type { ThreadKernel } from '../contracts/kernel.ts';
import type { Network, NetworkPlace } from '../contracts/remote.ts';
import { Environment } from '../env.ts';
import { formatHandle, type Handle } from '../handle.ts';
import { drainLines, ThreadLog, type WriteLine } from '../log/thread-log.ts';
import type { Message } from '../message.ts';
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
import { Overload } from '../threads/overload.ts';
import { ThreadPlacement } from '../threads/thread-placement.ts';
import { ThreadTalk } from '../threads/thread-talk.ts';
import type { PeerSetup } from '../threads/wire.ts';
import type { Transports } from '../transport/contract.ts';
import { createNetworkPlace } from './network-place.ts';
import { COUNTER, type SharedParts, SparedThreads } from './shared-parts.ts';
import { Shutdown } from './shutdown.ts';
import { createThreadKernel } from './thread-kernel.ts';

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
  readonly overload: Overload;
  readonly #timers: Timers<Timer>;
  readonly #shared: SharedParts;
  readonly #spared: SparedThreads;
  readonly #neighbours: Neighbours;
  readonly #origin: number;
  readonly #shutdown: Shutdown = new Shutdown(this);
  readonly #stopNode: () => Promise<void>;

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
    this.overload = new Overload(config.threadBacklog ?? Number.POSITIVE_INFINITY, this);
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
    this.threadKernel = createThreadKernel({
      shared,
      transports,
      loader: this.#loader,
      base: config.base,
      router,
      starter: this.starter,
      neighbours,
      shutdown: this.#shutdown,
      clock: () => this.clock() / config.timeScale,
      log: (source, text) => this.log(source, text),
    });
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

  working(handle: Handle, source: Handle, type: number): void {
    this.#activity.working(handle, source, type);
  }

  resuming(handle: Handle): void {
    if (this.#scheduler.settling > 0) this.#resumingSoon(handle);
  }

  #resumingSoon(handle: Handle): void {
    soon(() => this.#activity.working(handle, 0, PTYPE.RESPONSE));
  }

  endlessReport(handle: Handle): number {
    return this.#shared.activity.reportOf(this.thread, handle);
  }

  cpuOf(handle: Handle): number {
    return this.#accounts?.seconds(handle) ?? 0;
  }

  async reload(handle: Handle, module: string | undefined, patience: number): Promise<void> {
    const service = this.router.find(handle);
    if (service !== undefined) await this.starter.code.reload(service, module, patience);
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
    this.#shutdown.closing(handle, closed);
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
  networkPlace(network: Network): NetworkPlace {
    return createNetworkPlace(network, this, this.#neighbours, this.#shared.counters);
  }

  // --- other threads

  arrived(to: Handle, message: Message, from: number): void {
    this.router.arrived(to, message, from);
  }

  unread(to: Handle, message: Message): void {
    this.router.unread(to, message);
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

  /** Ends all services, last started first, and the thread's own parts; gives up after `deadline` ms. Once. */
  async shutdown(deadline: number): Promise<void> {
    await this.#shutdown.run(deadline);
    this.#timers.close();
  }
}

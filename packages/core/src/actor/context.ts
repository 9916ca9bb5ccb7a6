import { copyArgs } from '../codec/copy.ts';
import { packSeri } from '../codec/lua-seri.ts';
import type {
  CallGroup,
  CallTarget,
  Proxy as CommandProxy,
  Sender,
  ServiceHandle,
} from '../contracts/call.ts';
import type { GoneEvent } from '../contracts/ending.ts';
import type { ServiceKernel } from '../contracts/kernel.ts';
import type { PlacedService, Placement } from '../contracts/launch.ts';
import type { DrainOptions, DrainReport, MoveOptions, ReloadOptions } from '../contracts/moves.ts';
import type { CommandTable, Dispatcher, FilteredMessage, Request } from '../contracts/request.ts';
import type { Handover, ServiceDefinition, ServiceStat, Skynet } from '../contracts/skynet.ts';
import type { AwaitOptions, CriticalSection, SuspendedTask, Task, TimerHandle } from '../contracts/task.ts';
import { type Duration, toMilliseconds } from '../duration.ts';
import { SkynetError } from '../errors.ts';
import { type Address, formatHandle, type Handle, harborOf, isHandle } from '../handle.ts';
import { printable } from '../log/printable.ts';
import { logLine } from '../log/text.ts';
import { type Body, limitedLike, Message, type Packed } from '../message.ts';
import { isRequestType, type Protocol } from '../protocol.ts';
import { checkName, isLocalName } from '../route/name-table.ts';
import { atCaller } from '../stack.ts';
import { addressee, sendToName, shownAddress } from './addressee.ts';
import { valuesOf } from './body.ts';
import { createCallGroup, type PreparedCall } from './call-group.ts';
import type { ContextHost } from './context-host.ts';
import { createCriticalSection } from './critical-section.ts';
import { DEFAULT_PROTOCOLS, LUA_PROTOCOL, unpackValues } from './default-protocols.ts';
import { takeEndless } from './endless.ts';
import { describe, failedWait, mustBeFunction, noService } from './failure.ts';
import { launchArguments } from './launch-arguments.ts';
import { leave } from './leaving.ts';
import { limitedCall } from './limited-call.ts';
import { limited } from './limited-wait.ts';
import { giveName } from './naming.ts';
import { expectExit } from './outside-turn.ts';
import { carriesValues, checkBody, packed, packWith } from './packing.ts';
import type { Pending } from './pending.ts';
import { placementOf } from './placed-service.ts';
import { readForwards } from './protocol-table.ts';
import { createProxy, createSender } from './proxy.ts';
import { ActiveRequest } from './request.ts';
import { type Service, STATE } from './service.ts';
import { KernelOfService } from './service-kernel.ts';
import { broodOf } from './starting.ts';
import { killTask, suspendedTasks } from './suspended.ts';
import { ExitSignal, taskOf, unknownTask, WorkTask, workOf } from './task.ts';
import { IntervalTimer, Timer } from './timer.ts';

const EXIT = new ExitSignal();
/** Longest wait of a pause between tasks that is still a yield. */
const NO_TIME = 0;

/** Under which the contexts of every copy of this package, in whatever folder, say where it is. */
const COPY = Symbol.for('@skynet/core copy');

/** Why something is no context for this copy. */
function notAContext(value: unknown): string {
  const other: unknown = typeof value === 'object' && value !== null ? Reflect.get(value, COPY) : undefined;
  const reason = 'kernelOf needs the context of a service';
  if (typeof other !== 'string') return reason;
  return `${reason}; this one is of another copy of @skynet/core: ${other}, not ${import.meta.url}`;
}

/** The object a service works with. Its methods live on the prototype, so that an idle service costs two fields. */
export class Context implements Skynet {
  readonly #service: Service;
  readonly #host: ContextHost;
  #kernel: ServiceKernel | undefined = undefined;

  constructor(service: Service, host: ContextHost) {
    this.#service = service;
    this.#host = host;
  }

  static {
    Object.defineProperty(Context.prototype, COPY, { value: import.meta.url });
  }

  static kernelOf(skynet: Skynet): ServiceKernel {
    if (!(skynet instanceof Context)) throw new SkynetError('ERR_ARGUMENT', notAContext(skynet));
    skynet.#kernel ??= new KernelOfService(skynet, skynet.#service, skynet.#host);
    return skynet.#kernel;
  }

  get name(): string {
    return this.#service.name;
  }

  self(): Handle {
    return this.#service.handle;
  }

  address(address: Address | null | undefined): string {
    if (address === null || address === undefined) return 'nil';
    return shownAddress(address);
  }

  harbor(handle: Handle): { harbor: number; remote: boolean } {
    if (!isHandle(handle)) throw new SkynetError('ERR_ADDRESS_INVALID', `not a handle: ${printable(handle)}`);
    const harbor = harborOf(handle);
    return { harbor, remote: harbor !== 0 && harbor !== this.#host.router.harbor };
  }

  // --- log and environment

  error(...values: unknown[]): void {
    const shown = values.map((value) => (value instanceof Error ? describe(value) : value));
    this.#host.log(this.#service.handle, logLine(shown));
  }

  getenv(key: string): string | undefined {
    return this.#host.environment.get(key);
  }

  setenv(key: string, value: string | number | boolean): void {
    this.#host.environment.set(key, value);
  }

  // --- life cycle

  newService<Commands = unknown>(
    service: string | ServiceDefinition<Commands> | PlacedService,
    ...args: unknown[]
  ): Promise<ServiceHandle<Commands>> {
    try {
      const given = launchArguments(args);
      if (typeof service === 'string') return this.#launch(service, given, HERE);
      if (typeof service !== 'object' || service === null)
        throw new SkynetError(
          'ERR_ARGUMENT',
          `a service is a name or a definition, not ${printable(service)}`,
        );
      if ('start' in service) return this.#launch(service, given, HERE);
      return this.#launch(service.name, given, placementOf(service));
    } catch (error) {
      return Promise.reject(atCaller(error));
    }
  }

  #launch<Commands>(
    service: string | ServiceDefinition,
    args: readonly unknown[],
    placement: Placement,
  ): Promise<ServiceHandle<Commands>> {
    const starter = this.#service;
    const pending = this.#suspend();
    const brood = starter.state === STATE.STARTING ? broodOf(starter) : undefined;
    this.#host.starter.launchThen({ service, args, placement }, (error, handle, withIt) => {
      if (error === undefined && brood !== undefined)
        this.#host.router.killAll(brood.add(handle, withIt ?? []), starter.handle);
      starter.settle(pending, error ?? handle, error !== undefined);
    });
    return pending.promise as Promise<ServiceHandle<Commands>>;
  }

  uniqueService(nameOrGlobal: string | true, ...args: unknown[]): Promise<Handle> {
    return this.#unique('LAUNCH', nameOrGlobal, args);
  }

  queryService(nameOrGlobal: string | true, ...args: string[]): Promise<Handle> {
    return this.#unique('QUERY', nameOrGlobal, args);
  }

  #unique(command: string, nameOrGlobal: string | true, args: unknown[]): Promise<Handle> {
    const global = nameOrGlobal === true;
    const [name, ...rest] = global ? args : [nameOrGlobal, ...args];
    if (typeof name !== 'string' || name === '') {
      return Promise.reject(atCaller(new SkynetError('ERR_ARGUMENT', 'a unique service needs a name')));
    }
    try {
      return this.call('.service', 'lua', global ? `G${command}` : command, name, ...launchArguments(rest));
    } catch (error) {
      return Promise.reject(atCaller(error));
    }
  }

  async reload(address: Address, { module, patience = '5s' }: ReloadOptions = {}): Promise<void> {
    await this.call(address, 'debug', 'RELOAD', module, toMilliseconds(patience));
  }

  async move(address: Address, options: MoveOptions): Promise<void> {
    if (typeof options !== 'object' || options === null || typeof options.thread !== 'number')
      throw new SkynetError('ERR_ARGUMENT', `move needs { thread }, not ${printable(options)}`);
    const { thread, patience = '5s' } = options;
    await this.call(address, 'debug', 'MOVE', thread, toMilliseconds(patience));
  }

  async drain(thread: number, { patience = '5s' }: DrainOptions = {}): Promise<DrainReport> {
    return await this.call('.launcher', 'lua', 'DRAIN', thread, toMilliseconds(patience));
  }

  handover<State>(handover: { take(): State; give(state: State): unknown }): void {
    mustBeFunction(handover?.take);
    mustBeFunction(handover.give);
    this.#service.extras.handover = handover as Handover;
  }

  forgetService(name: string): Promise<boolean> {
    return this.call('.service', 'lua', 'FORGET', name);
  }

  init(work: () => unknown): void {
    mustBeFunction(work);
    const result = work();
    if (!(result instanceof Promise) || this.#service.state !== STATE.STARTING) return;
    // Its failure is the failure of the start, whose function may still be running.
    result.catch(() => {});
    const { extras } = this.#service;
    extras.inits ??= [];
    extras.inits.push(result);
  }

  onExit(work: () => unknown): void {
    mustBeFunction(work);
    const { extras } = this.#service;
    extras.exitHooks ??= [];
    extras.exitHooks.push(work);
  }

  exit(): never {
    if (this.#service.current === undefined) expectExit();
    leave(this.#service);
    throw EXIT;
  }

  kill(address: Address): void {
    const handle = this.#find(address);
    if (handle === undefined) this.error(`kill: no service ${this.address(address)}`);
    else this.#host.router.kill(handle, this.#service.handle);
  }

  abort(): void {
    void this.#host.stop();
  }

  term(address: Address): void {
    const handle = this.#find(address);
    if (handle === undefined) return;
    for (const pending of this.#service.sessions.all()) {
      if (pending.dest === handle)
        this.#service.abandon(
          pending,
          failedWait('ERR_ABORTED', `call failed: given up by term ${formatHandle(handle)}`),
        );
    }
  }

  watch(address: Address, gone: (event: GoneEvent) => unknown): () => void {
    mustBeFunction(gone);
    this.#mustLive();
    const handle = this.#find(address);
    if (handle === undefined) throw noService(this.address(address));
    return this.#service.watch(handle, gone);
  }

  own(close: () => unknown): () => void {
    mustBeFunction(close);
    this.#mustLive();
    return this.#service.own(close);
  }

  async monitor(name: string): Promise<Handle> {
    const handle = await this.uniqueService(name);
    this.#host.setMonitor(handle);
    return handle;
  }

  // --- names

  register(name: string): void {
    this.nameService(name, this.#service.handle);
  }

  nameService(name: string, handle: Handle): void {
    checkName(name);
    if (!isHandle(handle)) throw new SkynetError('ERR_ADDRESS_INVALID', `not a handle: ${printable(handle)}`);
    this.#mustLive();
    giveName(this.#host, name, handle);
  }

  unregister(name: string): boolean {
    return this.#host.giveUpName(checkName(name));
  }

  localName(name: string): Handle | undefined {
    return isLocalName(checkName(name)) ? this.#host.names.get(name) : undefined;
  }

  async queryName(name: string): Promise<Handle | undefined> {
    const known = this.#host.names.get(checkName(name));
    if (known !== undefined || isLocalName(name)) return known;
    const pending = this.#suspend();
    const stop = this.#host.names.whenNamed(name, (handle) => this.#service.settle(pending, handle, false));
    pending.conditions.forget = stop;
    this.#host.router.remote.wanted(name);
    return pending.promise as Promise<Handle>;
  }

  // --- messages

  pack(...values: unknown[]): Packed {
    return copyArgs(values);
  }

  unpack(body: Body): unknown[] {
    // A list of its own: a body that is returned as it is stands for itself.
    return body instanceof Uint8Array ? unpackValues(body) : [...(checkBody(body) as readonly unknown[])];
  }

  packBytes(...values: unknown[]): Uint8Array {
    return packSeri(values);
  }

  toString(body?: Body): string {
    if (body === undefined) return `[skynet ${this.#service.name} ${formatHandle(this.#service.handle)}]`;
    return body instanceof Uint8Array
      ? Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString()
      : (checkBody(body) as readonly unknown[])
          .map((value) => printable(value, Number.POSITIVE_INFINITY))
          .join('');
  }

  send(to: Address, type: string, ...values: unknown[]): number | undefined {
    return this.#post(to, PACK_LUA === type ? LUA_PROTOCOL : this.#service.protocols.named(type), values);
  }

  #post(to: Address, protocol: Protocol, values: unknown[]): number | undefined {
    const target = isHandle(to) ? to : this.#find(to);
    const source = this.#service.handle;
    if (target === undefined || !carriesValues(protocol))
      return this.#deliver(to, target, new Message(protocol.id, 0, source, packed(protocol, values)));
    this.#mustLive();
    return this.#host.router.deliverValues(target, protocol.id, 0, source, values) ? 0 : undefined;
  }

  rawSend(to: Address, type: string, body: Body): number | undefined {
    const { id } = this.#service.protocols.named(type);
    return this.#deliver(to, this.#find(to), new Message(id, 0, this.#service.handle, checkBody(body)));
  }

  redirect(to: Address, source: Handle, type: string, session: number, body: Body): number | undefined {
    if (source !== 0 && !isHandle(source))
      throw new SkynetError('ERR_ADDRESS_INVALID', `not a handle: ${printable(source)}`);
    const { id } = this.#service.protocols.named(type);
    const target = this.#find(to);
    const delivered = this.#deliver(
      to,
      target,
      this.#passedOn(id, session, source, checkBody(body)),
      session,
    );
    const isRequest = session !== 0 && isRequestType(id);
    if (isRequest && delivered !== undefined && target !== undefined && source !== this.#service.handle)
      this.#host.redirections.add(source, session, this.#service.handle, target);
    return delivered;
  }

  /** A request that goes on takes its deadline along. */
  #passedOn(type: number, session: number, source: Handle, body: Body): Message {
    const { current } = this.#service;
    return current instanceof ActiveRequest && current.session === session && current.source === source
      ? limitedLike(current.message, type, session, source, body)
      : new Message(type, session, source, body);
  }

  #deliver(to: Address, handle: Handle | undefined, message: Message, session = 0): number | undefined {
    this.#mustLive();
    const { router } = this.#host;
    if (handle === undefined) return sendToName(router, to, message) === undefined ? undefined : session;
    return router.deliver(handle, message) ? session : undefined;
  }

  call<Result = unknown>(to: Address | CallTarget, type: string, ...values: unknown[]): Promise<Result> {
    try {
      const protocol = PACK_LUA === type ? LUA_PROTOCOL : this.#service.protocols.named(type);
      const pending = carriesValues(protocol)
        ? this.#requestWith(to, protocol, values)
        : this.#request(to, protocol, packWith(protocol, values), protocol);
      return pending.promise as Promise<Result>;
    } catch (error) {
      return Promise.reject(atCaller(error));
    }
  }

  rawCall(to: Address | CallTarget, type: string, body: Body): Promise<Body> {
    try {
      return this.#request(to, this.#service.protocols.named(type), checkBody(body), undefined)
        .promise as Promise<Body>;
    } catch (error) {
      return Promise.reject(atCaller(error));
    }
  }

  // Short, so that it is compiled into its callers: most calls have a handle, values and no limits.
  #requestWith(to: Address | CallTarget, protocol: Protocol, values: unknown[]): Pending {
    this.#mustLive();
    const service = this.#service;
    if (!isHandle(to) || this.#host.callTimeout !== 0 || service.isLimited)
      return limitedCall(service, this.#host, to, protocol, copyArgs(values), protocol);
    const session = service.sessions.next();
    if (!this.#host.router.deliverValues(to, protocol.id, session, service.handle, values))
      throw noService(formatHandle(to));
    return service.suspend(to, protocol, session);
  }

  #request(to: Address | CallTarget, protocol: Protocol, body: Body, reader: Protocol | undefined): Pending {
    this.#mustLive();
    const service = this.#service;
    if (!isHandle(to) || this.#host.callTimeout !== 0 || service.isLimited)
      return limitedCall(service, this.#host, to, protocol, body, reader);
    const session = service.sessions.next();
    if (!this.#host.router.deliver(to, new Message(protocol.id, session, service.handle, body)))
      throw noService(formatHandle(to));
    return service.suspend(to, reader, session);
  }

  deadline(): number | undefined {
    const { deadline } = this.#service;
    if (deadline === 0) return undefined;
    // As a timeout 0 would be no limit at all.
    return this.#host.leftUntil(deadline) / 10 || -1;
  }

  request(options: { timeout?: Duration } = {}): CallGroup {
    if (typeof options !== 'object' || options === null)
      throw new SkynetError(
        'ERR_ARGUMENT',
        `the options of a group of calls are an object, not ${printable(options)}`,
      );
    return createCallGroup(
      this,
      (target, type, values) => this.#prepare(target, type, values),
      options.timeout,
    );
  }

  /** A call whose values are copied now and that is made later; it gives all values of the answer. */
  #prepare(to: Address | CallTarget, type: string, values: unknown[]): PreparedCall {
    const service = this.#service;
    const protocol = service.protocols.named(type);
    const body = packed(protocol, values);
    let pending: Pending | undefined;
    return {
      make: async () => {
        pending = this.#request(to, protocol, body, undefined);
        return valuesOf(protocol, (await pending.promise) as Body);
      },
      giveUp: () => {
        if (pending !== undefined)
          service.abandon(pending, failedWait('ERR_ABORTED', 'call failed: nobody waits for it any more'));
      },
    };
  }

  genid(): number {
    return this.#service.sessions.next();
  }

  proxy<Commands>(to: ServiceHandle<Commands> | Address | CallTarget): CommandProxy<Commands> {
    return createProxy<Commands>(this, to as Address | CallTarget);
  }

  sender<Commands>(to: ServiceHandle<Commands> | Address): Sender<Commands> {
    return createSender<Commands>(this, to as Address);
  }

  dispatch(type: string, handler?: Dispatcher | CommandTable): Dispatcher | CommandTable | undefined {
    return this.#service.setHandler(this.#service.protocols.named(type).id, handler);
  }

  registerProtocol(protocol: Protocol & { dispatch?: Dispatcher | CommandTable }): void {
    if (typeof protocol !== 'object' || protocol === null)
      throw new SkynetError('ERR_PROTOCOL', `a protocol is an object, not ${printable(protocol)}`);
    const service = this.#service;
    const own = service.protocols === DEFAULT_PROTOCOLS ? service.protocols.copy() : service.protocols;
    own.add(protocol);
    service.protocols = own;
    if (protocol.dispatch !== undefined) service.setHandler(protocol.id, protocol.dispatch);
  }

  forwardType(map: Readonly<Record<number, number>>): void {
    this.#service.extras.sieve.forward = readForwards(map);
  }

  filter(rewrite: (message: FilteredMessage) => FilteredMessage | undefined): void {
    mustBeFunction(rewrite);
    const { sieve } = this.#service.extras;
    sieve.filters = [...(sieve.filters ?? []), rewrite];
  }

  onUnknownRequest(handler: ((request: Request) => unknown) | undefined): void {
    this.#service.extras.unknownRequest = handler;
  }

  onUnknownResponse(handler: ((session: number, source: Handle, body: Body) => void) | undefined): void {
    this.#service.extras.unknownResponse = handler;
  }

  // --- tasks and time

  fork<Args extends unknown[]>(work: (...args: Args) => unknown, ...args: Args): Task {
    mustBeFunction(work);
    this.#mustLive();
    const task = new WorkTask(work as (...args: never[]) => unknown, args);
    this.#service.fork(task);
    return task;
  }

  running(): Task {
    return taskOf(this.#service.current ?? unknownTask());
  }

  tasks(): SuspendedTask[] {
    return suspendedTasks(this.#service);
  }

  killTask(task: Task): boolean {
    return killTask(this.#service, task);
  }

  sleep(time: Duration, token?: unknown): Promise<'BREAK' | undefined> {
    try {
      const milliseconds = toMilliseconds(time);
      const service = this.#service;
      const pending = this.#waiter(token, false);
      const timer = new Timer(service, pending);
      if (milliseconds > NO_TIME) pending.conditions.timer = service.startTimer(timer, milliseconds);
      else service.push(timer);
      return pending.promise as Promise<'BREAK' | undefined>;
    } catch (error) {
      return Promise.reject(atCaller(error));
    }
  }

  async yield(): Promise<void> {
    await this.sleep(NO_TIME);
  }

  wait(token?: unknown): Promise<void> {
    try {
      return this.#waiter(token, true).promise as Promise<void>;
    } catch (error) {
      return Promise.reject(atCaller(error));
    }
  }

  #waiter(token: unknown, mustBeWoken: boolean): Pending {
    const service = this.#service;
    const key = workOf(token ?? service.current ?? (mustBeWoken ? noTask() : unknownTask()));
    if (service.isWaiting(key))
      throw new SkynetError('ERR_TOKEN_IN_USE', 'token duplicative: somebody waits on it already');
    const pending = this.#suspend();
    service.awaitToken(pending, key);
    return pending;
  }

  wakeup(token: unknown): boolean {
    return this.#service.wake(workOf(token), (pending) =>
      pending.timer === undefined ? undefined : 'BREAK',
    );
  }

  await<Result>(
    foreign: PromiseLike<Result> | ((signal: AbortSignal) => PromiseLike<Result>),
    options?: AwaitOptions,
  ): Promise<Result> {
    try {
      const service = this.#service;
      const pending = this.#suspend();
      const failed = (error: unknown): void => void service.settle(pending, error, true);
      try {
        const promise =
          options === undefined && typeof foreign !== 'function'
            ? foreign
            : limited(service, pending, foreign, options);
        Promise.resolve(promise).then((value) => service.settle(pending, value, false), failed);
      } catch (error) {
        failed(error);
      }
      return pending.promise as Promise<Result>;
    } catch (error) {
      return Promise.reject(atCaller(error));
    }
  }

  #suspend(): Pending {
    this.#mustLive();
    return this.#service.suspend(0, undefined, this.#service.sessions.next());
  }

  timeout<Args extends unknown[]>(
    time: Duration,
    work: (...args: Args) => unknown,
    ...args: Args
  ): TimerHandle {
    return this.#startWork(toMilliseconds(time), 0, work as (...args: never[]) => unknown, args);
  }

  interval<Args extends unknown[]>(
    time: Duration,
    work: (...args: Args) => unknown,
    ...args: Args
  ): TimerHandle {
    const period = toMilliseconds(time);
    if (period <= 0) throw new SkynetError('ERR_DURATION_INVALID', 'an interval needs a time above 0');
    return this.#startWork(period, period, work as (...args: never[]) => unknown, args);
  }

  #startWork(
    delay: number,
    period: number,
    work: (...args: never[]) => unknown,
    args: unknown[],
  ): TimerHandle {
    mustBeFunction(work);
    this.#mustLive();
    const service = this.#service;
    service.sessions.next();
    const timer =
      period === 0 ? new Timer(service, work, args) : new IntervalTimer(service, work, args, period);
    if (delay > NO_TIME) service.startTimer(timer, delay);
    else service.push(timer);
    return timer;
  }

  now(): number {
    return Math.floor(this.#host.clock() / 10) + this.#host.startFraction;
  }

  time(): number {
    return Math.round(this.#host.startTime * 100 + this.now()) / 100;
  }

  startTime(): number {
    return this.#host.startTime;
  }

  hpc(): bigint {
    return process.hrtime.bigint();
  }

  queue(): CriticalSection {
    return createCriticalSection({
      current: () => this.#service.current,
      isSuspended: (task) => this.#service.isSuspended(task),
      suspend: () => {
        const pending = this.#suspend();
        const token = {};
        this.#service.awaitToken(pending, token);
        return {
          task: pending.task as object,
          promise: pending.promise as Promise<void>,
          resume: () => void this.wakeup(token),
        };
      },
    });
  }

  // --- self-inspection

  mqlen(): number {
    return this.#service.mailbox.length;
  }

  stat(): ServiceStat {
    return this.#service.stat();
  }

  endless(): boolean {
    return takeEndless(this.#service);
  }

  info(answer: (...args: string[]) => unknown): void {
    mustBeFunction(answer);
    this.#service.extras.info = answer;
  }

  #find(address: Address): Handle | undefined {
    return addressee(this.#host.names, address);
  }

  #mustLive(): void {
    if (!this.#service.alive) this.#hasEnded();
  }

  #hasEnded(): never {
    const { name, handle } = this.#service;
    throw new SkynetError('ERR_SERVICE_ENDED', `${name} ${formatHandle(handle)} has ended`);
  }
}

const PACK_LUA = 'lua';

function noTask(): never {
  throw new SkynetError(
    'ERR_OUTSIDE_TURN',
    'a wait without a token is woken by its task, which is not known here: a promise that is not the framework’s was awaited. Await that with skynet.await',
  );
}

const HERE: Placement = {};
/** The kernel's side of a context, for packages that extend the framework. */
export function kernelOf(skynet: Skynet): ServiceKernel {
  return Context.kernelOf(skynet);
}

import { Context } from './actor/context.ts';
import { DEFAULT_PROTOCOLS } from './actor/default-protocols.ts';
import { describe } from './actor/failure.ts';
import { ServiceLoader } from './actor/loader.ts';
import { formatShort, Service, STATE } from './actor/service.ts';
import { ExitSignal, WorkTask } from './actor/task.ts';
import type { Timer } from './actor/timer.ts';
import type { ResolvedConfig } from './config.ts';
import type { Runnable } from './contracts/host.ts';
import type { ThreadKernel } from './contracts/kernel.ts';
import type { LaunchRequest, NodeHost } from './contracts/node.ts';
import type { CommandTable, ServiceDefinition } from './contracts/skynet.ts';
import { Environment } from './env.ts';
import { isSkynetError, SkynetError } from './errors.ts';
import { type Handle, harborOf, localOf, makeHandle } from './handle.ts';
import { Message } from './message.ts';
import { PTYPE } from './protocol.ts';
import { NameTable } from './route/name-table.ts';
import { ServiceTable } from './route/service-table.ts';
import { Scheduler } from './schedule/scheduler.ts';
import { Timers } from './schedule/timers.ts';
import type { Transports } from './transport/contract.ts';
import './actor/debug-commands.ts';

/** One thread of a node: its services, their scheduler, timers and modules. */
export class NodeThread implements NodeHost {
  readonly thread: number = 0;
  readonly harbor: number;
  readonly names: NameTable = new NameTable();
  readonly environment: Environment;
  readonly transports: Transports;
  readonly threadKernel: ThreadKernel;
  readonly callTimeout: number;
  readonly startTime: number;
  readonly startFraction: number;
  readonly loader: ServiceLoader;
  readonly #config: ResolvedConfig;
  readonly #table = new ServiceTable<Service>();
  readonly #scheduler = new Scheduler();
  readonly #timers: Timers;
  readonly #origin = performance.now();
  readonly #locals = new Map<symbol, unknown>();
  readonly #closers: (() => void | Promise<void>)[] = [];
  readonly #stopNode: () => Promise<void>;
  #lastId = 0;
  #monitor: Handle = 0;
  #logger: Handle = 0;
  #stopping = false;
  /** Lines logged before there is a logger, or after it ended. */
  readonly #logDirectly: (source: Handle, text: string) => void;

  constructor(
    config: ResolvedConfig,
    transports: Transports,
    logDirectly: (source: Handle, text: string) => void,
    stopNode: () => Promise<void>,
  ) {
    this.#config = config;
    this.harbor = config.harbor;
    this.environment = new Environment(config.environment);
    this.transports = transports;
    this.callTimeout = config.callTimeout;
    const wall = Date.now();
    this.startTime = Math.floor(wall / 1000);
    this.startFraction = Math.floor((wall % 1000) / 10);
    this.loader = new ServiceLoader(config.services, config.base);
    this.#timers = new Timers(() => this.clock());
    this.#logDirectly = logDirectly;
    this.#stopNode = stopNode;
    this.threadKernel = {
      thread: this.thread,
      transports,
      log: (source, text) => this.log(source, text),
      nextId: () => ++this.#lastId,
      onStop: (close) => void this.#closers.push(close),
    };
  }

  // --- what services ask for

  ready(service: Runnable): void {
    this.#scheduler.ready(service);
  }

  deliver(to: Handle, message: Message): boolean {
    const harbor = harborOf(to);
    if (harbor !== this.harbor && harbor !== 0) return false;
    const service = this.#table.get(localOf(to));
    if (service === undefined) return false;
    service.push(message);
    return true;
  }

  find(handle: Handle): Service | undefined {
    return harborOf(handle) === this.harbor ? this.#table.get(localOf(handle)) : undefined;
  }

  isAlive(handle: Handle): boolean {
    return this.find(handle) !== undefined;
  }

  services(): Service[] {
    return this.#table.all();
  }

  clock(): number {
    return performance.now() - this.#origin;
  }

  startTimer(timer: Timer, milliseconds: number): void {
    this.#timers.start(timer, milliseconds * this.#config.timeScale);
  }

  stopTimer(timer: Timer): boolean {
    return this.#timers.stop(timer);
  }

  log(source: Handle, text: string): void {
    if (this.#logger === 0 || !this.deliver(this.#logger, new Message(PTYPE.TEXT, 0, source, [text]))) this.#logDirectly(source, text);
  }

  ended(handle: Handle): void {
    this.#table.remove(localOf(handle));
    this.names.dropLocal(handle);
    if (this.#monitor !== 0) this.deliver(this.#monitor, new Message(PTYPE.CLIENT, 0, handle, new Uint8Array(0)));
  }

  kill(handle: Handle, by: Handle): void {
    const service = this.find(handle);
    if (service === undefined) {
      this.log(by, `kill: no service ${formatShort(handle)}`);
      return;
    }
    this.log(by, `KILL ${formatShort(handle)}`);
    service.end(new SkynetError('ERR_SERVICE_GONE', `${service.name} was killed while it started`));
  }

  setMonitor(handle: Handle): void {
    this.#monitor = handle;
  }

  local<T>(key: symbol, create: (thread: ThreadKernel) => T): T {
    if (!this.#locals.has(key)) this.#locals.set(key, create(this.threadKernel));
    return this.#locals.get(key) as T;
  }

  clearCache(): void {
    this.loader.clear();
  }

  stop(): Promise<void> {
    return this.#stopNode();
  }

  // --- starting

  launch({ service, args, placement }: LaunchRequest): Promise<Handle> {
    const { thread = 'same' } = placement;
    if (thread !== 'same' && thread !== 'spread' && !(Number.isInteger(thread) && thread >= 0 && thread < this.#config.thread)) {
      return Promise.reject(
        new SkynetError('ERR_ARGUMENT', `thread must be "same", "spread" or a number below ${this.#config.thread}, not ${String(thread)}`),
      );
    }
    if (typeof service !== 'string') return this.start(service, service.start.name || 'service', args);
    const loaded = this.loader.cached(service);
    if (loaded !== undefined) return this.start(loaded, service, args);
    return this.loader.load(service).then(
      (definition) => this.start(definition, service, args),
      (error: unknown) => {
        this.log(0, `lua loader error : ${isSkynetError(error) ? error.message : describe(error)}`);
        if (isSkynetError(error, 'ERR_SERVICE_MODULE') && error.cause !== undefined) this.log(0, describe(error.cause));
        throw error;
      },
    );
  }

  /** Starts an instance; resolves when its start function has returned. `kind` is the word of the LAUNCH line. */
  start(definition: ServiceDefinition, name: string, args: readonly string[], kind = 'snlua '): Promise<Handle> {
    if (this.#stopping) return Promise.reject(new SkynetError('ERR_NODE_STOPPED', 'the node is stopping'));
    const title = args.length === 0 ? `${kind}${name}` : `${kind}${name} ${args.join(' ')}`;
    const service = this.#table.add(
      (local) => new Service(this, makeHandle(this.harbor, local), local, name, title, DEFAULT_PROTOCOLS),
    );
    service.log(`LAUNCH ${title}${kind === '' ? ' ' : ''}`);
    return new Promise((resolve, reject) => {
      service.onStarted = (error) => (error === undefined ? resolve(service.handle) : reject(error));
      // The original starts through a timer of its own, which takes session 1.
      service.sessions.next();
      service.push(new WorkTask(this.#startTask(service, definition, args), []));
    });
  }

  #startTask(service: Service, definition: ServiceDefinition, args: readonly string[]): () => unknown {
    const context = new Context(service, this);
    const done = (result: unknown): void => {
      if (service.state !== STATE.STARTING) return;
      service.state = STATE.RUNNING;
      if (isCommandTable(result)) service.setHandler(PTYPE.LUA, result);
      service.onStarted?.(undefined);
      service.onStarted = undefined;
    };
    const failed = (thrown: unknown): void => {
      if (thrown instanceof ExitSignal || !service.alive) return;
      service.log(`init service failed: ${describe(thrown)}`);
      service.log('KILL self');
      const text = `call failed: ${service.name} could not start: ${thrown instanceof Error ? thrown.message : String(thrown)}`;
      service.end(new SkynetError('ERR_SERVICE_INIT', text, { cause: thrown, details: { name: service.name } }));
    };
    return () => {
      try {
        const result = definition.start(context, ...args);
        if (!(result instanceof Promise)) return done(result);
        return result.then(done, failed);
      } catch (thrown) {
        return failed(thrown);
      }
    };
  }

  /** Makes a service the one that takes the log. */
  setLogger(handle: Handle): void {
    this.#logger = handle;
  }

  // --- stopping

  /** Runs the exit hooks of all services, last started first, then ends them; gives up after `deadline` ms. */
  async shutdown(deadline: number): Promise<void> {
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
    clearTimeout(timer);
    for (const service of running) service.end();
    for (const close of this.#closers.splice(0)) await close();
    // One more round, so that the logger writes what is in its mailbox.
    await new Promise((resolve) => setImmediate(resolve));
    this.find(this.#logger)?.end();
    this.#timers.close();
  }
}

function isCommandTable(value: unknown): value is CommandTable {
  return typeof value === 'object' && value !== null && Object.values(value).some((part) => typeof part === 'function');
}

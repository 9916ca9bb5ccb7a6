import { launchArguments } from '../actor/launch-arguments.ts';
import { type ResolvedConfig, resolveConfig } from '../config/config.ts';
import type { OwnKeys, SkynetConfig } from '../config/skynet-config.ts';
import type { LaunchValue } from '../contracts/launch.ts';
import type { PlacementReport } from '../contracts/placement.ts';
import type { Network } from '../contracts/remote.ts';
import type { LaunchArguments, ServiceDefinition, Skynet } from '../contracts/skynet.ts';
import { defineService } from '../define.ts';
import { isSkynetError, SkynetError } from '../errors.ts';
import { formatHandle, type Handle } from '../handle.ts';
import { inPlainWords } from '../log/plain-words.ts';
import { printable } from '../log/printable.ts';
import { checkLogFile, fileSink, functionSink, type LogSink, streamSink } from '../log/sink.ts';
import { Message } from '../message.ts';
import { PTYPE } from '../protocol.ts';
import { WATCHER } from '../services/built-in.ts';
import { createLauncher } from '../services/launcher.ts';
import { createLogger } from '../services/logger.ts';
import { createPlacement } from '../services/placement.ts';
import { createServiceManager, type NetworkRole } from '../services/service-manager.ts';
import { atCaller } from '../stack.ts';
import { loadHarborNetwork } from './harbor-network.ts';
import { NodeThread } from './node-thread.ts';
import { createNodeTransports } from './node-transports.ts';
import { createOutset, type Outset } from './outset.ts';
import { aloneInProcess, type TestOptions } from './shared-parts.ts';
import { enterProcess, type Inhabitant, leaveProcess } from './stray-errors.ts';
import type { ThreadPool } from './thread-pool.ts';
import { type Found, startWatchdog, type Watchdog } from './watchdog.ts';

/** What a program that embeds a node may add to its configuration. */
export interface NodeOptions {
  /** Folder that relative paths of the configuration start from. Default: the working directory. */
  base?: string;
  /** Gets every log line instead of the log file or standard output. */
  onLog?: (source: Handle, text: string) => void;
}

/** Milliseconds that exit hooks of the main thread have in any case, if the configuration allows as much. */
const LEAST_SHUTDOWN = 1000;

/** A running node. */
export interface Node {
  /**
   * Runs a function inside the node as a service of its own that ends when the function has returned; resolves to
   * what it returned. The way in for tests and for programs around a node.
   */
  run<Result>(work: (skynet: Skynet) => Result | Promise<Result>): Promise<Result>;
  /** Starts a service. @throws as {@link Skynet.newService}. */
  newService<Args>(
    service: ServiceDefinition<unknown, Args>,
    ...args: LaunchArguments<Args>
  ): Promise<Handle>;
  newService(service: string | ServiceDefinition, ...args: LaunchValue[]): Promise<Handle>;
  /** Load of the threads; with `placement: 'auto'` also who talks with whom, and what was made of that. */
  placement(): Promise<PlacementReport>;
  /**
   * Has a service stay in its thread, or lets it go again, where the configuration says `placement: 'auto'`.
   * @throws ERR_NO_SERVICE.
   */
  pin(service: Handle, pinned?: boolean): Promise<void>;
  /** Number of services alive. */
  readonly services: number;
  /** Opens the log file anew (SIGHUP). */
  reopenLog(): void;
  /** Ends all services, last started first, their exit hooks first, and flushes the log. Safe to call again. */
  stop(): Promise<void>;
  /** Resolves when the node has stopped, whoever stopped it. */
  readonly stopped: Promise<void>;
}

/**
 * Starts a node (book §3.1): logger, bootstrap, launcher, service manager, then the service named by `start`.
 * Without `start` in the configuration none is started: the caller does that with {@link Node.newService}.
 * @throws ERR_CONFIG, or what the first service failed with; the node is stopped then.
 */
export async function startNode<Own extends OwnKeys<Own> = object>(
  config: SkynetConfig & NoInfer<Own> = {} as SkynetConfig & Own,
  options: NodeOptions & TestOptions = {},
): Promise<Node> {
  const resolved = resolveConfig(config, options.base ?? process.cwd());
  return startBooted(resolved, options, config.start !== undefined, resolved.doubts);
}

/** As {@link startNode} for a configuration from `loadConfig`. */
export function startResolved(
  config: ResolvedConfig,
  options: NodeOptions & TestOptions = {},
): Promise<Node> {
  return startBooted(config, options, true, []);
}

async function startBooted(
  config: ResolvedConfig,
  options: NodeOptions & TestOptions,
  withStart: boolean,
  doubts: readonly string[],
): Promise<Node> {
  const node = createNode(config, options);
  try {
    await node.boot(withStart, doubts);
  } catch (error) {
    await node.stop();
    throw atCaller(error);
  }
  return node;
}

/** A node that has not started yet; it can be stopped all the same. */
export interface StartingNode extends Node {
  /** Starts it. @throws as {@link startNode}, ERR_NODE_STOPPED too; the node is to be stopped then. */
  boot(withStart: boolean, doubts: readonly string[]): Promise<void>;
  /** As in {@link Node}; `code` is the exit code of a process that the watchdog has to end, default 1. */
  stop(code?: number): Promise<void>;
  /** Whether somebody has stopped it. */
  readonly isStopping: boolean;
}

/**
 * Makes a node, or the rest of one that has been begun.
 * @throws ERR_CONFIG.
 */
export function createNode(
  config: ResolvedConfig,
  options: NodeOptions & TestOptions = {},
  outset?: Outset,
): StartingNode {
  if (config.logger !== undefined && options.onLog === undefined) checkLogFile(config.logger);
  return new RunningNode(config, options, outset);
}

/** The main thread of a node: what the test kit looks into. */
export function mainThread(node: Node): NodeThread {
  if (node instanceof RunningNode) return node.mainThread;
  throw new SkynetError('ERR_ARGUMENT', 'not a node of this copy of @skynet/core');
}

class RunningNode implements StartingNode, Inhabitant {
  readonly stopped: Promise<void>;
  readonly #config: ResolvedConfig;
  readonly #sink: LogSink;
  readonly #logsToFunction: boolean;
  readonly #thread: NodeThread;
  readonly #pool: ThreadPool | undefined;
  readonly #activity: SharedArrayBuffer;
  #watchdog: Watchdog | undefined;
  // Nothing else need keep the process alive while services wait for messages.
  readonly #alive = setInterval(() => {}, 0x7fffffff);
  #stopping: Promise<void> | undefined;
  #markStopped: () => void = () => {};

  constructor(config: ResolvedConfig, options: NodeOptions & TestOptions, begun: Outset | undefined) {
    this.#config = config;
    this.#logsToFunction = options.onLog !== undefined;
    const sink =
      options.onLog !== undefined
        ? functionSink(options.onLog)
        : config.logger !== undefined
          ? fileSink(config.logger)
          : streamSink();
    this.#sink = config.logWords === 'plain' ? inPlainWords(sink) : sink;
    if (config.thread > 1 && (options.time !== undefined || options.random !== undefined))
      throw new SkynetError('ERR_CONFIG', 'a clock or an order of a test works in nodes with one thread');
    const { activity, pool, watchdog } = begun ?? createOutset(config);
    this.#activity = activity;
    this.#pool = pool;
    this.#watchdog = watchdog;
    this.#thread = new NodeThread(
      config,
      createNodeTransports(config),
      this.#pool?.shared ?? aloneInProcess(config, this.#activity, options),
      (source, text) => this.#sink.write(source, text),
      () => this.stop(),
    );
    this.stopped = new Promise((resolve) => {
      this.#markStopped = resolve;
    });
    enterProcess(this);
  }

  async boot(withStart: boolean, doubts: readonly string[]): Promise<void> {
    const thread = this.#thread;
    if (this.#config.watchdog)
      this.#watchdog ??= startWatchdog(
        this.#config,
        this.#activity,
        this.#logsToFunction ? undefined : (this.#config.logger ?? 1),
        undefined,
      );
    this.#watchdog?.onFound((message) => this.#watchdogFound(message));
    await thread.starter.code.prepare(this.#config.preload);
    if (this.#config.logService === undefined)
      thread.lines.logger = await thread.starter.start(createLogger(this.#sink), 'logger', [], '');
    else
      thread.lines.logger = await thread.starter.launch({
        service: this.#config.logService,
        args: [],
        placement: {},
      });
    for (const doubt of doubts) thread.log(0, `configuration: ${doubt}`);
    await this.#pool?.start(thread);
    let failure: unknown;
    const bootstrap = defineService(async (skynet) => {
      // A plain await would leave the turn, and be warned of: for that the source maps are read, which takes longer than all.
      const begin = (definition: ServiceDefinition, name: string): Promise<Handle> =>
        skynet.await(thread.starter.start(definition, name, []));
      await begin(createLauncher(thread), 'launcher');
      if (thread.isLearning) await begin(createPlacement(thread), 'placement');
      try {
        const network = await skynet.await(this.#joinNetwork());
        await begin(createServiceManager(roleIn(network), network?.names), 'service_mgr');
        if (this.#config.watch) await skynet.newService(WATCHER);
        const listens = this.#watchdog?.listens;
        if (listens !== undefined) await skynet.await(listens);
        if (withStart) await skynet.newService(this.#config.start, ...this.#config.startArgs);
      } catch (error) {
        failure = error;
      }
      skynet.exit();
    });
    await thread.starter.start(bootstrap, 'bootstrap', []).catch((error: unknown) => {
      // Bootstrap ends itself when its work is done.
      if (!isSkynetError(error, 'ERR_SERVICE_EXITED')) throw error;
    });
    if (failure !== undefined && !isSkynetError(failure, 'ERR_SERVICE_EXITED')) throw failure;
  }

  /** Makes the node part of a network, if the configuration names one. */
  async #joinNetwork(): Promise<Network | undefined> {
    const { harborNetwork, base } = this.#config;
    const network =
      this.#config.network ??
      (harborNetwork === undefined ? undefined : await loadHarborNetwork(harborNetwork, base));
    await network?.join(this.#thread.networkPlace(network));
    return network;
  }

  #watchdogFound(message: Found): void {
    if (message.kind === 'endless') {
      this.#thread.markEndless(message.handle, message.number);
      if (!message.written) this.#thread.log(0, message.text);
    } else
      this.#pool?.endThread(
        message.thread,
        `${formatHandle(message.handle)} has held it for longer than ${this.#config.endEndlessAfter} ms`,
      );
  }

  run<Result>(work: (skynet: Skynet) => Result | Promise<Result>): Promise<Result> {
    if (typeof work !== 'function')
      return Promise.reject(new SkynetError('ERR_ARGUMENT', `a function is needed, not ${printable(work)}`));
    return new Promise((resolve, reject) => {
      const visitor = defineService((skynet) => {
        skynet.fork(async () => {
          try {
            resolve(await work(skynet));
          } catch (error) {
            reject(error);
          } finally {
            skynet.kill(skynet.self());
          }
        });
      });
      this.#thread.starter.start(visitor, 'visitor', [], 'node ').catch(reject);
    });
  }

  async newService(service: string | ServiceDefinition, ...args: unknown[]): Promise<Handle> {
    return this.#thread.starter.launch({ service, args: launchArguments(args), placement: {} });
  }

  placement(): Promise<PlacementReport> {
    return this.run((skynet) => skynet.call<PlacementReport>('.launcher', 'lua', 'PLACEMENT'));
  }

  async pin(service: Handle, pinned = true): Promise<void> {
    await this.run((skynet) => skynet.call(service, 'debug', 'PIN', pinned));
  }

  get mainThread(): NodeThread {
    return this.#thread;
  }

  get services(): number {
    return this.#thread.router.services().length;
  }

  reopenLog(): void {
    this.#thread.router.deliver(
      this.#thread.lines.logger,
      new Message(PTYPE.SYSTEM, 0, 0, new Uint8Array(0)),
    );
  }

  /** Writes to the log what has not got there, since the event loop runs no more. */
  lastWords(): void {
    this.#thread.drainLog(this.#sink.write);
    this.#sink.writeNow();
  }

  get isStopping(): boolean {
    return this.#stopping !== undefined;
  }

  stop(code = 1): Promise<void> {
    this.#stopping ??= this.#stop(code);
    return this.#stopping;
  }

  async #stop(code: number): Promise<void> {
    const { shutdownTimeout } = this.#config;
    const until = performance.now() + shutdownTimeout;
    this.#watchdog?.stopping(code);
    await this.#pool?.stop(shutdownTimeout);
    // Even if the other threads took all the time there is.
    await this.#thread.shutdown(
      Math.max(until - performance.now(), Math.min(shutdownTimeout, LEAST_SHUTDOWN)),
    );
    await this.#pool?.terminate();
    await this.#sink.flush();
    this.#watchdog?.stop();
    clearInterval(this.#alive);
    leaveProcess(this);
    this.#markStopped();
  }
}

/** What a node is in its network. */
function roleIn(network: Network | undefined): NetworkRole {
  if (network === undefined) return 'alone';
  if (network.names !== undefined) return 'peer';
  return network.isMaster ? 'master' : 'member';
}

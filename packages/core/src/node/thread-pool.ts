import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { MessageChannel, type MessagePort, threadId, Worker } from 'node:worker_threads';
import { describe } from '../actor/failure.ts';
import { errorFromData, textOf } from '../codec/error.ts';
import type { ResolvedConfig } from '../config/config.ts';
import { SkynetError } from '../errors.ts';
import { formatHandle, type Handle, makeHandle } from '../handle.ts';
import { Activity } from '../threads/activity.ts';
import { createRing } from '../threads/ring.ts';
import { RouteTable } from '../threads/route-table.ts';
import { createSharedRegistry, SharedRegistry } from '../threads/shared-registry.ts';
import type { FromWorker, PeerSetup, SharedMemory, ToWorker, WorkerSetup } from '../threads/wire.ts';
import { builtFile } from './built-file.ts';
import type { NodeThread } from './node-thread.ts';
import { partsOver, type SharedParts } from './shared-parts.ts';

/** Bytes of the ring from one thread to another. */
const RING_SIZE = 1 << 19;
/** A thread that ends so many times within {@link CRASH_WINDOW} is not started again. */
const MAX_CRASHES = 5;
const CRASH_WINDOW = 10_000;

/** Milliseconds between two looks at a thread that does not stop. */
const HELD_LOOK = 200;
/** Milliseconds that a thread gets for telling that it gave up on its services. */
const LAST_WORD = 500;

function workerFile(): URL {
  const file = builtFile('worker-main.js');
  if (existsSync(file)) return file;
  throw new SkynetError(
    'ERR_CONFIG',
    `thread above 1 needs the built package: ${fileURLToPath(file)} is missing`,
  );
}

/** The worker threads of a node: starts them, replaces those that are lost. Lives in the main thread. */
export class ThreadPool {
  readonly #config: ResolvedConfig;
  readonly #workers: (Worker | undefined)[] = [];
  readonly #crashes: number[][] = [];
  /** Times that each thread was lost. */
  readonly #losses: number[] = [];
  readonly #memory: SharedMemory;
  readonly #routes = new RouteTable();
  /** Name of the channel on which the watchdog stops threads, if thread 0 cannot. */
  readonly stopChannel: string = `skynet-${threadId}-${Math.random()}`;
  readonly #ready = new Set<Worker>();
  /** Resolve when the workers are ready. */
  #begun: readonly Promise<void>[] | undefined;
  /** Threads that were lost before there was a main thread to tell. */
  readonly #lostEarly: number[] = [];
  readonly #ownPeers: PeerSetup[] = [];
  /** What each thread needs to reach each other one, by thread and peer. */
  readonly #ends: (PeerSetup | undefined)[][] = [];
  #main: NodeThread | undefined;
  #stopping = false;

  constructor(config: ResolvedConfig, activity: SharedArrayBuffer) {
    if (config.transports.length > 0 && !('file' in config.origin)) {
      throw new SkynetError(
        'ERR_CONFIG',
        'transports cannot be sent to other threads: put them in a configuration file',
      );
    }
    this.#config = config;
    this.#memory = {
      threads: config.thread,
      origin: performance.timeOrigin + performance.now(),
      routes: this.#routes.memory,
      names: createSharedRegistry(),
      environment: createSharedRegistry(),
      packages: createSharedRegistry(),
      counters: new SharedArrayBuffer(64),
      activity,
    };
    for (let a = 0; a < config.thread; a++) {
      for (let b = a + 1; b < config.thread; b++) this.#pair(a, b);
    }
    for (let peer = 1; peer < config.thread; peer++) this.#ownPeers.push(this.#ends[0]?.[peer] as PeerSetup);
    const environment = new SharedRegistry(this.#memory.environment, 0);
    for (const [key, value] of config.environment) environment.add(key, value);
  }

  /** What the main thread shares with the others. */
  get shared(): SharedParts {
    return {
      ...partsOver(this.#memory, 0, 0, this.#ownPeers),
      endThread: (thread, reason) => this.endThread(thread, reason),
    };
  }

  /** Starts all workers; {@link start} waits for them. */
  begin(): void {
    this.#begun = Array.from({ length: this.#config.thread - 1 }, (_, i) => this.#startWorker(i + 1));
    for (const ready of this.#begun) ready.catch(() => {});
  }

  /** Resolves when all workers are ready. @throws ERR_CONFIG, or what a worker failed with. */
  async start(main: NodeThread): Promise<void> {
    if (this.#stopping) return;
    this.#main = main;
    if (this.#begun === undefined) this.begin();
    await Promise.all(this.#begun ?? []);
    for (const thread of this.#lostEarly) this.#replace(thread);
  }

  /** Makes the rings and ports between two threads. */
  #pair(a: number, b: number): void {
    const there = createRing(RING_SIZE);
    const back = createRing(RING_SIZE);
    const bell = new MessageChannel();
    const bulk = new MessageChannel();
    this.#end(a, { thread: b, out: there, in: back, bell: bell.port1, bulk: bulk.port1 });
    this.#end(b, { thread: a, out: back, in: there, bell: bell.port2, bulk: bulk.port2 });
  }

  #end(thread: number, peer: PeerSetup): void {
    this.#ends[thread] ??= [];
    (this.#ends[thread] as (PeerSetup | undefined)[])[peer.thread] = peer;
  }

  /** Two threads have no way to each other any more. */
  #unpair(a: number, b: number): void {
    delete this.#ends[a]?.[b];
    delete this.#ends[b]?.[a];
  }

  /** The threads that run, the main thread first. */
  #living(): number[] {
    return [0, ...this.#workers.flatMap((worker, thread) => (worker === undefined ? [] : [thread]))];
  }

  /** Counts the losses of a thread within {@link CRASH_WINDOW}, one more now. */
  #countCrash(thread: number): number {
    const now = performance.now();
    const crashes = (this.#crashes[thread] ?? []).filter((at) => now - at < CRASH_WINDOW);
    crashes.push(now);
    this.#crashes[thread] = crashes;
    this.#losses[thread] = (this.#losses[thread] ?? 0) + 1;
    return crashes.length;
  }

  async #startWorker(thread: number): Promise<void> {
    const peers = (this.#ends[thread] ?? []).filter((peer) => peer !== undefined);
    const setup: WorkerSetup = {
      thread,
      config: this.#config.origin as WorkerSetup['config'],
      memory: this.#memory,
      incarnation: this.#losses[thread] ?? 0,
      logger: makeHandle(this.#config.harbor, 1),
      monitor: this.#main?.endings.monitor ?? 0,
      peers,
      stopChannel: this.stopChannel,
    };
    const worker = new Worker(workerFile(), {
      workerData: setup,
      transferList: peers.flatMap(({ bell, bulk }): MessagePort[] => [bell, bulk]),
      execArgv: [],
      ...(this.#config.threadHeap === undefined
        ? {}
        : { resourceLimits: { maxOldGenerationSizeMb: this.#config.threadHeap } }),
    });
    this.#workers[thread] = worker;
    return new Promise((resolve, reject) => {
      worker.on('message', (message: FromWorker) => {
        if (message.kind === 'ready') {
          this.#ready.add(worker);
          resolve();
        } else {
          reject(errorFromData(message.error));
          void worker.terminate();
        }
      });
      worker.on('error', (error: Error) => {
        this.#main?.log(0, `thread ${thread}: ${describe(error)}`);
        reject(error);
      });
      worker.once('exit', (code) => {
        reject(new SkynetError('ERR_CONFIG', `thread ${thread} ended with code ${code} before it was ready`));
        if (!this.#stopping && this.#workers[thread] === worker) this.#replace(thread);
      });
    });
  }

  /** Ends a worker that does nothing more; what follows is what follows any loss. */
  endThread(thread: number, reason: string): void {
    const worker = this.#workers[thread];
    if (worker === undefined || this.#stopping) return;
    this.#main?.log(0, `thread ${thread} is ended: ${reason}`);
    void worker.terminate();
  }

  /** A worker is gone: tells everybody, and starts another in its place, unless that has happened too often. */
  #replace(thread: number): void {
    const main = this.#main;
    if (main === undefined) {
      this.#lostEarly.push(thread);
      return;
    }
    const { names, environment, packages } = this.#memory;
    for (const memory of [names, environment, packages]) new SharedRegistry(memory, 0).releaseLockOf(thread);
    const handles: Handle[] = this.#routes
      .releaseThread(thread)
      .map((local) => makeHandle(this.#config.harbor, local));
    main.log(0, `thread ${thread} was lost with ${handles.length} services`);
    this.#workers[thread] = undefined;
    // The watchdog would think that the next one is at it still.
    new Activity(this.#memory.activity, thread).idle();
    const crashes = this.#countCrash(thread);
    const isGivenUp = crashes > MAX_CRASHES;
    for (const other of this.#living()) {
      if (isGivenUp) this.#unpair(other, thread);
      else this.#pair(other, thread);
    }
    this.#workers.forEach((worker, other) => {
      const peer = this.#ends[other]?.[thread];
      const note: ToWorker = { kind: 'lost', thread, handles, peer };
      worker?.postMessage(note, peer === undefined ? [] : [peer.bell, peer.bulk]);
    });
    main.threadLost(thread, handles, this.#ends[0]?.[thread]);
    for (const handle of handles) main.endings.tellMonitor(handle);
    if (isGivenUp) {
      main.log(
        0,
        `thread ${thread} was lost ${crashes} times in ${CRASH_WINDOW / 1000} s and is not started again`,
      );
      return;
    }
    this.#startWorker(thread).catch((error: unknown) =>
      main.log(0, `thread ${thread} cannot be started again: ${textOf(error)}`),
    );
  }

  /**
   * Stops the services of all workers, within so many milliseconds. Threads that have not started yet have none; those
   * that a service holds are not waited for.
   */
  async stop(deadline: number): Promise<void> {
    this.#stopping = true;
    const ready = this.#workers.flatMap((worker, thread) =>
      worker !== undefined && this.#ready.has(worker) ? [thread] : [],
    );
    await Promise.all(ready.map((thread) => this.#stopThread(thread, deadline)));
  }

  /** Resolves when a thread has stopped its services, or will not. */
  async #stopThread(thread: number, deadline: number): Promise<void> {
    const activity = new Activity(this.#memory.activity, 0);
    const until = performance.now() + deadline + LAST_WORD;
    let hasStopped = false;
    const stopped = Promise.resolve(this.#main?.others.stop(thread, deadline)).catch(() => {});
    void stopped.then(() => {
      hasStopped = true;
    });
    for (let left = deadline + LAST_WORD; !hasStopped && left > 0; left = until - performance.now()) {
      let timer: NodeJS.Timeout | undefined;
      const pause = new Promise((resolve) => {
        timer = setTimeout(resolve, Math.min(left, HELD_LOOK));
      });
      await Promise.race([stopped, pause]);
      clearTimeout(timer);
      if (hasStopped || !activity.isHeld(thread)) continue;
      this.#main?.log(
        0,
        `thread ${thread} does not stop: ${formatHandle(activity.at(thread).handle)} holds it`,
      );
      return;
    }
  }

  /** Ends the workers; their last log lines have arrived. */
  async terminate(): Promise<void> {
    this.#stopping = true;
    await Promise.all(this.#workers.map((worker) => worker?.terminate()));
  }
}

import { setTimeout } from 'node:timers/promises';
import { copyArgs } from '../codec/copy.ts';
import type { Handover, ServiceDefinition } from '../contracts/skynet.ts';
import { formatHandle } from '../handle.ts';
import { PTYPE } from '../protocol.ts';
import type { Router } from '../route/router.ts';
import { Context } from './context.ts';
import type { ContextHost } from './context-host.ts';
import { failedWait, goneFailure } from './failure.ts';
import type { Host } from './host.ts';
import type { ServiceLoader } from './loader.ts';
import { loadPreload, type Preload, preloaded } from './preload.ts';
import { type Service, STATE } from './service.ts';
import { isCommandTable, takeBrood, takeInits, whenReady } from './starting.ts';
import { WorkTask } from './task.ts';
import { dropWiring, isDrained, restoreWiring, takeWiring } from './wiring.ts';

/** Milliseconds between two looks whether a service has ended what it works on. */
const DRAIN_STEP = 2;

/** Where the code of a service comes from. */
export interface Origin {
  /** What it was started with. */
  readonly args: readonly unknown[];
  /** Name of its module. */
  readonly module: string;
  /** Whether it has been reloaded: what is loaded already may be older. */
  readonly isFresh: boolean;
}

/** What the code of services is run with. */
export interface CodeParts {
  readonly host: Host & ContextHost;
  readonly router: Router<Service>;
  readonly loader: ServiceLoader;
}

/** The code that running services have: where it comes from, new code in its place, and the same in another thread. */
export class ServiceCode {
  readonly #parts: CodeParts;
  #preload: Preload | undefined;
  /** What services were started with. */
  readonly #args = new WeakMap<Service, readonly unknown[]>();
  /** Whose code they have, if it is not that of their name as it was first loaded. */
  readonly #modules = new WeakMap<Service, string>();
  /** Reloads that are under way. */
  readonly #reloads = new WeakMap<Service, Promise<void>>();
  /** Names of services that were started from a definition. */
  readonly #given = new Set<string>();

  constructor(parts: CodeParts) {
    this.#parts = parts;
  }

  /** Loads what runs before the code of every service, if the configuration names something. @throws ERR_CONFIG. */
  async prepare(preload: string | undefined): Promise<void> {
    if (preload !== undefined) this.#preload = await loadPreload(preload);
  }

  /** A definition with what runs before it. */
  whole(definition: ServiceDefinition): ServiceDefinition {
    return this.#preload === undefined ? definition : preloaded(definition, this.#preload);
  }

  /** Services of this name come from a definition, not from a module. */
  given(name: string): void {
    this.#given.add(name);
  }

  startedWith(service: Service, args: readonly unknown[]): void {
    this.#args.set(service, args);
  }

  // --- other code

  /** Gives a running service new code; see `Skynet.reload`. Any failure leaves the old one at work. */
  reload(service: Service, module: string | undefined, patience: number): Promise<void> {
    const under = this.#reloads.get(service);
    const reload = (): Promise<void> => this.#reload(service, module, patience);
    const reloaded = under === undefined ? reload() : under.then(reload, reload);
    this.#reloads.set(service, reloaded);
    return reloaded;
  }

  async #reload(service: Service, module: string | undefined, patience: number): Promise<void> {
    if (!service.alive) throw goneFailure(service.handle);
    if (service.extras.changing === 'move')
      throw failedWait('ERR_MOVE', `${service.name} is being moved to another thread`, {
        details: { service: formatHandle(service.handle), reason: 'changing' },
      });
    service.extras.changing = 'reload';
    try {
      await this.#exchangeCode(service, module ?? service.name, patience);
    } finally {
      if (service.alive) service.extras.changing = undefined;
    }
  }

  async #exchangeCode(service: Service, module: string, patience: number): Promise<void> {
    const before = this.#loaded(service);
    const definition = await this.#parts.loader.reload(module);
    service.hold();
    try {
      for (const end = performance.now() + patience; !isDrained(service) && performance.now() < end; )
        await setTimeout(DRAIN_STEP);
      await new Promise<void>((resolve, reject) => {
        // In a turn of its own: start functions call others and wait.
        const exchange = new WorkTask(
          () => this.#exchange(service, definition, before).then(resolve, reject),
          [],
        );
        if (service.alive) service.push(exchange);
        else reject(goneFailure(service.handle));
      });
      this.#modules.set(service, module);
    } finally {
      service.release();
    }
  }

  async #exchange(
    service: Service,
    definition: ServiceDefinition,
    before: ServiceDefinition | undefined,
  ): Promise<void> {
    const wiring = takeWiring(service);
    const taking = wiring.extras.handover ?? before?.handover;
    const context = new Context(service, this.#parts.host);
    try {
      await this.#run(service, definition, context, this.#args.get(service) ?? []);
      if (taking !== undefined) {
        const giving = takerIn(service, definition);
        await giving.give(copyArgs([taking.take(context)])[0] as never, context);
      }
    } catch (thrown) {
      restoreWiring(service, wiring);
      throw thrown;
    }
    dropWiring(service, wiring);
    service.log(`RELOAD ${service.title}`);
  }

  /** Runs a start function, and waits for all of it. */
  async #run(
    service: Service,
    definition: ServiceDefinition,
    context: Context,
    args: readonly unknown[],
  ): Promise<void> {
    const started = this.whole(definition).start(context, ...(args as never[]));
    const result = await whenReady(service, started, takeInits(service) ?? []);
    if (isCommandTable(result)) service.setHandler(PTYPE.LUA, result);
  }

  // --- another thread

  /** The module whose code a service has, as it is loaded now. */
  #loaded(service: Service): ServiceDefinition | undefined {
    return this.#parts.loader.cached(this.#modules.get(service) ?? service.name);
  }

  /** How a service hands its state over, if it does. */
  handoverOf(service: Service): Handover | undefined {
    return service.extras.handover ?? this.#loaded(service)?.handover;
  }

  /** What another thread needs to start a service anew; undefined where it was not started by a name. */
  originOf(service: Service): Origin | undefined {
    const module = this.#modules.get(service);
    if (module === undefined && this.#given.has(service.name)) return undefined;
    const args = this.#args.get(service) ?? [];
    return { args, module: module ?? service.name, isFresh: module !== undefined };
  }

  /** The state that a service hands over, as a copy. @throws ERR_UNSERIALIZABLE, what its `take` throws. */
  takeState(service: Service): unknown {
    return copyArgs([this.handoverOf(service)?.take(new Context(service, this.#parts.host))])[0];
  }

  /** Starts a service of another thread in this one, and gives it its state. Nobody is told if that fails. */
  async resume(
    service: Service,
    { module, isFresh, args, state }: Origin & { state: unknown },
  ): Promise<void> {
    const { loader, host, router } = this.#parts;
    const definition = isFresh ? await loader.reload(module) : await loader.load(module);
    const start = async (): Promise<void> => {
      try {
        const context = new Context(service, host);
        await this.#run(service, definition, context, args);
        await takerIn(service, definition).give(state as never, context);
        takeBrood(service);
        service.state = STATE.RUNNING;
      } catch (thrown) {
        router.killAll(takeBrood(service)?.fail() ?? [], service.handle);
        throw thrown;
      }
    };
    await new Promise<void>((resolve, reject) => {
      // Who ends itself never comes back from that.
      service.onStarted = (error) => reject(error);
      service.push(new WorkTask(() => start().then(resolve, reject), []));
    });
    service.onStarted = undefined;
    if (args.length > 0) this.#args.set(service, args);
    if (isFresh) this.#modules.set(service, module);
  }
}

/** What takes the state over that other code has handed out. @throws ERR_HANDOVER. */
function takerIn(service: Service, definition: ServiceDefinition): Handover {
  const taker = service.extras.handover ?? definition.handover;
  if (taker === undefined)
    throw failedWait('ERR_HANDOVER', `${service.name}: the new code takes no state over (handover)`);
  return taker;
}

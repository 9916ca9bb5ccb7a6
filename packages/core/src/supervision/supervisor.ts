import { kernelOf } from '../actor/context.ts';
import { describe } from '../actor/failure.ts';
import type { GoneEvent } from '../contracts/ending.ts';
import type { ServiceKernel } from '../contracts/kernel.ts';
import type { Skynet } from '../contracts/skynet.ts';
import type { CriticalSection } from '../contracts/task.ts';
import { SkynetError } from '../errors.ts';
import { formatHandle, type Handle } from '../handle.ts';
import { printable } from '../log/printable.ts';
import {
  type ChildOptions,
  type ResolvedChild,
  type ResolvedSupervisor,
  resolveChild,
  resolveSupervisor,
  type SupervisorOptions,
  tooMany,
} from './options.ts';
import { registerSupervisor } from './registered.ts';
import { RestartLimit } from './restart-limit.ts';

/** What a supervisor tells of a child. */
export interface ChildState {
  readonly name: string;
  /** The instance that runs, if one does. */
  readonly handle: Handle | undefined;
  /** `waiting`: it is to be started again. `ended`: it is not. */
  readonly state: 'starting' | 'running' | 'waiting' | 'ended';
  /** How often it has been started again. */
  readonly restarts: number;
}

/** Children that are started in order, started again when they fail, and stopped in reverse order. */
export interface Supervisor {
  /** All children, in the order of their start. */
  children(): ChildState[];
  /** The instance of a child that runs now, if one does. @throws ERR_ARGUMENT when there is no such child. */
  handle(name: string): Handle | undefined;
  /** Starts another child, behind the others. @throws what its start fails with; ERR_ARGUMENT for a name that is taken. */
  add(child: ChildOptions): Promise<Handle>;
  /** Stops a child and forgets it. @throws ERR_ARGUMENT when there is no such child. */
  remove(name: string): Promise<void>;
  /** Stops a child and starts it anew, which does not count as a failure. @throws what its start fails with. */
  restart(name: string): Promise<Handle>;
  /** Stops all children, last started first. The supervisor is of no use after that. */
  stop(): Promise<void>;
}

/**
 * Starts services as children of this one and keeps them running: a child that fails (is killed, or lost with its
 * thread) is started again, alone or with others, as the strategy says; one that ends itself is not. When children fail
 * too often the supervisor stops them all and this service fails, so that its own supervisor hears of it. When this
 * service ends its children do, last started first.
 * @throws ERR_ARGUMENT, and what the first child that cannot be started fails with; those before it are stopped then.
 */
export async function supervise(
  skynet: Skynet,
  options: SupervisorOptions,
  children: readonly ChildOptions[],
): Promise<Supervisor> {
  const supervisor = new ServiceSupervisor(skynet, resolveSupervisor(options));
  await supervisor.start(children);
  return supervisor;
}

/** A child as its supervisor knows it. */
class Child implements ChildState {
  readonly options: ResolvedChild;
  handle: Handle | undefined = undefined;
  state: ChildState['state'] = 'starting';
  restarts = 0;
  unwatch: () => void = () => {};

  constructor(options: ResolvedChild) {
    this.options = options;
  }

  get name(): string {
    return this.options.name;
  }
}

/** Those of each service, for whoever asks it for its children. */
const supervisors = new WeakMap<ServiceKernel, readonly ServiceSupervisor[]>();

class ServiceSupervisor implements Supervisor {
  readonly #skynet: Skynet;
  readonly #options: ResolvedSupervisor;
  readonly #limit: RestartLimit;
  /** Starts and stops happen one after another. */
  readonly #section: CriticalSection;
  /** Token of the wait before a restart. */
  readonly #pause = {};
  #children: Child[] = [];
  #stopping = false;

  constructor(skynet: Skynet, options: ResolvedSupervisor) {
    this.#skynet = skynet;
    this.#options = options;
    this.#limit = new RestartLimit(options.limits);
    this.#section = skynet.queue();
    skynet.onExit(() => this.stop());
    skynet.own(() => this.#killAll());
    const kernel = kernelOf(skynet);
    const all = supervisors.get(kernel) ?? [];
    supervisors.set(kernel, [...all, this]);
    registerSupervisor(kernel);
    kernel.answerDebug('CHILDREN', () => supervisors.get(kernel)?.flatMap((other) => other.children()));
  }

  async start(children: readonly ChildOptions[]): Promise<void> {
    if (!Array.isArray(children))
      throw new SkynetError('ERR_ARGUMENT', `children are a list, not ${printable(children)}`);
    const all = children.map(resolveChild);
    for (const { name } of all) if (all.filter((other) => other.name === name).length > 1) throw taken(name);
    try {
      for (const options of all) await this.#section(() => this.#begin(options));
    } catch (error) {
      await this.stop();
      throw error;
    }
  }

  children(): ChildState[] {
    return this.#children.map(({ name, handle, state, restarts }) => ({ name, handle, state, restarts }));
  }

  handle(name: string): Handle | undefined {
    return this.#find(name).handle;
  }

  add(options: ChildOptions): Promise<Handle> {
    return this.#section(() => {
      const child = resolveChild(options);
      if (this.#children.some(({ name }) => name === child.name)) throw taken(child.name);
      return this.#begin(child);
    });
  }

  remove(name: string): Promise<void> {
    return this.#section(async () => {
      const child = this.#find(name);
      await this.#end(child);
      this.#children = this.#children.filter((other) => other !== child);
    });
  }

  restart(name: string): Promise<Handle> {
    return this.#section(async () => {
      const child = this.#find(name);
      await this.#end(child);
      return this.#startChild(child);
    });
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    this.#skynet.wakeup(this.#pause);
    await this.#section(async () => {
      for (const child of this.#children.toReversed()) await this.#end(child);
    });
  }

  #find(name: string): Child {
    const child = this.#children.find((other) => other.name === name);
    if (child === undefined)
      throw new SkynetError('ERR_ARGUMENT', `the supervisor has no child "${name}"`, {
        details: { child: name },
      });
    return child;
  }

  async #begin(options: ResolvedChild): Promise<Handle> {
    const child = new Child(options);
    this.#children.push(child);
    try {
      return await this.#startChild(child);
    } catch (error) {
      this.#children = this.#children.filter((other) => other !== child);
      throw error;
    }
  }

  async #startChild(child: Child): Promise<Handle> {
    if (this.#stopping) throw new SkynetError('ERR_ABORTED', 'the supervisor stops');
    const { service, args, thread, register } = child.options;
    child.state = 'starting';
    const handle =
      typeof service === 'string'
        ? await this.#skynet.newService({ name: service, thread }, ...args)
        : await this.#skynet.newService(service, ...args);
    child.handle = handle;
    child.state = 'running';
    child.unwatch = this.#skynet.watch(handle, (event) => this.#gone(child, event));
    for (const name of register) this.#skynet.nameService(name, handle);
    return handle;
  }

  async #end(child: Child): Promise<void> {
    const { handle } = child;
    child.unwatch();
    child.handle = undefined;
    child.state = 'ended';
    if (handle === undefined) return;
    const { shutdown } = child.options;
    // Answered by the error that says it has ended.
    if (shutdown > 0)
      await this.#skynet.call({ to: handle, timeout: `${shutdown}ms` }, 'debug', 'EXIT').catch(() => {});
    if (kernelOf(this.#skynet).isAlive(handle)) this.#skynet.kill(handle);
  }

  #gone(child: Child, { handle, reason }: GoneEvent): unknown {
    if (child.handle !== handle) return undefined;
    const { restart } = child.options;
    child.handle = undefined;
    const mayRestart = restart === 'always' || (restart === 'failure' && reason !== 'exited');
    if (!mayRestart || reason === 'stopped' || this.#stopping) {
      child.state = 'ended';
      return undefined;
    }
    child.state = 'waiting';
    this.#skynet.error(`child ${child.name} ${formatHandle(handle)} is gone (${reason})`);
    return this.#section(() => this.#recover(child));
  }

  async #recover(failed: Child): Promise<void> {
    // Another failure may have brought it back meanwhile, or somebody has removed it.
    while (failed.state === 'waiting' && !this.#stopping) {
      const wait = this.#limit.next(this.#skynet.now() * 10);
      if (wait === undefined) {
        await this.#giveUp(failed);
        return;
      }
      if (wait > 0) await this.#skynet.sleep(`${wait}ms`, this.#pause);
      try {
        await this.#startAgain(this.#affected(failed));
      } catch (error) {
        if (this.#stopping) return;
        this.#skynet.error(`child ${failed.name} cannot be started again: ${describe(error)}`);
        failed.state = 'waiting';
      }
    }
  }

  #affected(failed: Child): Child[] {
    switch (this.#options.strategy) {
      case 'one-for-one':
        return [failed];
      case 'one-for-all':
        return this.#children;
      case 'rest-for-one':
        return this.#children.slice(this.#children.indexOf(failed));
    }
  }

  async #startAgain(affected: readonly Child[]): Promise<void> {
    const again = affected.filter(({ state }) => state !== 'ended');
    for (const child of again.toReversed()) {
      await this.#end(child);
      child.state = 'waiting';
    }
    for (const child of again) {
      await this.#startChild(child);
      child.restarts++;
    }
  }

  async #giveUp(failed: Child): Promise<void> {
    const error = tooMany(failed.name, this.#options.limits);
    this.#stopping = true;
    for (const child of this.#children.toReversed()) await this.#end(child);
    kernelOf(this.#skynet).fail(error);
  }

  /** The service has ended in the middle of something: no time for anybody. */
  #killAll(): void {
    this.#stopping = true;
    for (const { handle } of this.#children.toReversed()) if (handle !== undefined) this.#skynet.kill(handle);
  }
}

function taken(name: string): SkynetError {
  return new SkynetError('ERR_ARGUMENT', `the supervisor has a child "${name}" already`, {
    details: { child: name },
  });
}

import { markTold, messageOf, textOf } from '../codec/error.ts';
import type { Placement } from '../contracts/launch.ts';
import type { ServiceDefinition } from '../contracts/skynet.ts';
import { type ErrorCode, SkynetError } from '../errors.ts';
import { formatHandle, type Handle, makeHandle } from '../handle.ts';
import { printable } from '../log/printable.ts';
import { entryText } from '../log/text.ts';
import type { MailboxLimit } from '../mailbox-limit.ts';
import { PTYPE } from '../protocol.ts';
import type { Router } from '../route/router.ts';
import type { CpuAccounts } from '../schedule/cpu-accounts.ts';
import { failAtCaller } from '../stack.ts';
import { Context } from './context.ts';
import type { ContextHost } from './context-host.ts';
import { DEFAULT_PROTOCOLS } from './default-protocols.ts';
import { callFailed, describe, failedWait, reasonIn } from './failure.ts';
import type { Host } from './host.ts';
import type { LaunchRequest, LaunchSettings, Started } from './launch.ts';
import { shownArguments } from './launch-arguments.ts';
import type { ServiceLoader } from './loader.ts';
import { Service, STATE } from './service.ts';
import { ServiceCode } from './service-code.ts';
import { isCommandTable, takeBrood, takeInits, whenReady } from './starting.ts';
import { isExit, KillSignal, WorkTask } from './task.ts';

/** The word in front of the names of services, as in the original. */
const SNLUA = 'snlua ';

const NO_ARGS: readonly string[] = [];
const ANYWHERE: Placement = {};

/** Other threads that services can be started in. */
export interface OtherPlaces {
  /** Starts a service there. */
  launch(thread: number, name: string, settings: LaunchSettings, done: Started): void;
  /** The thread whose turn it is, perhaps this one. */
  next(): number;
}

/** Where services go that nobody has given a thread. */
export interface LearntPlacement {
  /** The thread for a new service; undefined where nothing is known. */
  placeOf(name: string, args: readonly unknown[]): number | undefined;
  /** A service stays where it is. */
  pin(service: Service, on: boolean): void;
}

/** What a starter of services works with. */
export interface StarterParts {
  /** What the services and their contexts get. */
  readonly host: Host & ContextHost;
  readonly router: Router<Service>;
  readonly loader: ServiceLoader;
  readonly others: OtherPlaces;
  /** Number of this thread, and how many there are. */
  readonly thread: number;
  readonly threads: number;
  readonly accounts: CpuAccounts | undefined;
  /** What was learnt of places; undefined in a node that does not. */
  readonly placement: LearntPlacement | undefined;
}

/** Starts services: finds their module, gives them a number, runs their start function, and sees to what comes of that. */
export class ServiceStarter {
  readonly #parts: StarterParts;
  /** What code the services have. */
  readonly code: ServiceCode;
  #isStopping = false;
  /** The line of the last start: services are started by the thousand, and putting theirs together is a tenth of that. */
  #lastLine = { kind: '', name: '', text: '' };

  constructor(parts: StarterParts) {
    this.#parts = parts;
    this.code = new ServiceCode(parts);
  }

  get isStopping(): boolean {
    return this.#isStopping;
  }

  /** Starts nothing any more. */
  stop(): void {
    this.#isStopping = true;
  }

  // --- what is asked for

  /** Starts a service; resolves to its handle when its start function has returned. */
  launch(request: LaunchRequest): Promise<Handle> {
    return new Promise((resolve) => {
      this.launchThen(request, (error, handle) =>
        resolve(error === undefined ? handle : failAtCaller(error)),
      );
    });
  }

  /** Starts a service for another thread: what it has started meanwhile, and itself as the last. */
  launchFor(service: string, { args, mailbox, pinned = false }: LaunchSettings): Promise<Handle[]> {
    const placement: Placement = { thread: 'same', pinned, ...(mailbox === undefined ? {} : { mailbox }) };
    return new Promise((resolve, reject) => {
      this.launchThen({ service, args, placement }, (error, handle, withIt = []) =>
        error === undefined ? resolve([...withIt, handle]) : reject(error),
      );
    });
  }

  /** As {@link launch} for callers that count every promise. */
  readonly launchThen = ({ service, args, placement }: LaunchRequest, done: Started): void => {
    const { loader, others, thread: here } = this.#parts;
    const learnt = placement.thread === undefined ? this.#learntPlace(service, args) : undefined;
    const thread = placement.thread ?? learnt ?? 'same';
    if (typeof service !== 'string' || thread !== 'same') {
      const objection = this.#objectionTo(service, thread);
      if (objection !== undefined) {
        done(failedWait('ERR_ARGUMENT', objection), 0);
        return;
      }
    }
    const target = thread === 'spread' ? others.next() : thread;
    const isElsewhere = typeof target === 'number' && target !== here;
    if (typeof service !== 'string') {
      if (isElsewhere)
        done(failedWait('ERR_ARGUMENT', 'only a service with a name can be started in another thread'), 0);
      else {
        const name = service.start.name || 'service';
        this.code.given(name);
        this.#startHere(service, name, args, placement, done);
      }
      return;
    }
    if (isElsewhere) {
      const mailbox = placement.mailbox as MailboxLimit | undefined;
      others.launch(target, service, { args, mailbox, pinned: isPinned(placement) }, done);
      return;
    }
    const loaded = loader.cached(service);
    if (loaded !== undefined) {
      this.#startHere(loaded, service, args, placement, done);
      return;
    }
    loader.load(service).then(
      (definition) => this.#startHere(definition, service, args, placement, done),
      (error: unknown) => this.#loadFailed(service, args, error, done),
    );
  };

  #learntPlace(service: unknown, args: readonly unknown[]): number | undefined {
    return typeof service === 'string' ? this.#parts.placement?.placeOf(service, args) : undefined;
  }

  #objectionTo(service: unknown, thread: unknown): string | undefined {
    const { threads } = this.#parts;
    if (typeof service !== 'string' && (service as ServiceDefinition | undefined)?.kind !== 'skynet.service')
      return `a service is a name or a definition, not ${printable(service)}`;
    const isPlace =
      thread === 'same' ||
      thread === 'spread' ||
      (Number.isInteger(thread) && (thread as number) >= 0 && (thread as number) < threads);
    return isPlace
      ? undefined
      : `thread must be "same", "spread" or a number below ${threads}, not ${printable(thread)}`;
  }

  // --- here

  /** What cannot be loaded has a number and an end in the log all the same, as in the original. */
  #loadFailed(name: string, args: readonly unknown[], thrown: unknown, done: Started): void {
    if (this.#isStopping) {
      done(thrown, 0);
      return;
    }
    const error =
      thrown instanceof SkynetError
        ? thrown
        : new SkynetError('ERR_SERVICE_MODULE', `${name} cannot be loaded: ${textOf(thrown)}`, {
            cause: thrown,
          });
    const service = this.#add(SNLUA, printable(name), shownArguments(args));
    this.#tellStart(service);
    service.log(`lua loader error : ${describeLoading(error)}`);
    service.log('KILL self');
    service.onStarted = done;
    // Several may wait for one module: each gets an error of its own.
    service.end('failed', startError(service, error.code, error.message, error.cause, error.details));
  }

  #startHere(
    definition: ServiceDefinition,
    name: string,
    args: readonly unknown[],
    placement: Placement,
    done: Started,
  ): void {
    this.#start(this.code.whole(definition), name, args, placement, SNLUA, done);
  }

  /** Starts an instance; resolves when its start function has returned. `kind` is the word of the LAUNCH line. */
  start(
    definition: ServiceDefinition,
    name: string,
    args: readonly string[],
    kind: string = SNLUA,
  ): Promise<Handle> {
    return new Promise((resolve, reject) => {
      this.#start(definition, name, args, ANYWHERE, kind, (error, handle) =>
        error === undefined ? resolve(handle) : reject(error),
      );
    });
  }

  // Services are started by the hundred thousand: no promise and one closure for each, all of it the caller's.
  #start(
    definition: ServiceDefinition,
    name: string,
    args: readonly unknown[],
    placement: Placement,
    kind: string,
    done: Started,
  ): void {
    if (this.#isStopping) {
      done(failedWait('ERR_NODE_STOPPED', 'the node is stopping'), 0);
      return;
    }
    const limit = (placement.mailbox ?? definition.mailbox) as MailboxLimit | undefined;
    let service: Service;
    if (args.length === 0) {
      service = this.#add(kind, name, NO_ARGS, limit);
      this.#tellStart(service, kind === '' ? ' ' : '');
    } else {
      const shown = shownArguments(args);
      service = this.#add(kind, name, definition.shownArgs?.(shown) ?? shown, limit);
      this.#tellStart(service);
      this.code.startedWith(service, args);
    }
    if (isPinned(placement)) this.#parts.placement?.pin(service, true);
    service.onStarted = done;
    // The original starts through a timer of its own, which takes session 1.
    service.sessions.next();
    service.push(new WorkTask(this.#runStart, [service, definition, args]));
  }

  #tellStart(service: Service, tail = ''): void {
    const { kind, name, args } = service;
    if (args.length > 0) {
      service.log(`LAUNCH ${service.title}${tail}`);
      return;
    }
    const last = this.#lastLine;
    if (last.kind !== kind || last.name !== name)
      this.#lastLine = { kind, name, text: `LAUNCH ${kind}${entryText(name)}` };
    this.#parts.host.note(service.handle, this.#lastLine.text + tail);
  }

  /** Gives a new service its number and its place. */
  #add(kind: string, name: string, shown: readonly string[], limit?: MailboxLimit): Service {
    const { host, router, accounts } = this.#parts;
    const local = router.newNumber();
    const handle = makeHandle(router.harbor, local);
    const service = new Service(host, handle, local, kind, name, shown, DEFAULT_PROTOCOLS, limit);
    router.put(service);
    accounts?.open(service.handle);
    return service;
  }

  /** The first task of a service. */
  readonly #runStart = (
    service: Service,
    definition: ServiceDefinition,
    args: readonly unknown[],
  ): unknown => {
    try {
      const result = definition.start(new Context(service, this.#parts.host), ...(args as never[]));
      const inits = takeInits(service);
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
    const brood = takeBrood(service);
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
    this.#parts.router.killAll(takeBrood(service)?.fail() ?? [], service.handle);
    service.end('failed', startError(service, 'ERR_SERVICE_INIT', text, thrown));
  }
}

/** Whether learning does not move a service: whoever names its thread means it. */
function isPinned({ thread, pinned = typeof thread === 'number' }: Placement): boolean {
  return pinned;
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

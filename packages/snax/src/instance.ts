import { readFileSync } from 'node:fs';
import type { CriticalSection, Request, Skynet } from '@skynet/core';
import { kernelOf } from '@skynet/core/kernel';
import type { SnaxDefinition, SnaxInside, SnaxInterface, SnaxProfile, SnaxTable } from './contract.ts';
import { snaxError } from './errors.ts';
import { FIRST_METHOD, interfaceOf, type Slot, SYSTEM, slotsOf } from './interface.ts';
import { lineOf } from './load-limit.ts';
import { Locals } from './locals.ts';
import { type LoadedPatch, loadPatch } from './patch.ts';
import { patchesOf } from './patch-list.ts';
import type { AnyFunction, Functions, PatchPlace } from './patch-place.ts';
import { QUESTION } from './question.ts';
import { createSnax, setSelf } from './snax.ts';
import { hashOf, type ReadSource } from './source.ts';
import { putState, takeState } from './state.ts';
import { VersionStore, type VersionsData } from './version-store.ts';

/** What a request for a hot fix holds. */
interface HotfixRequest {
  readonly source: ReadSource;
  readonly args: readonly unknown[];
  readonly by: string;
  readonly snapshot?: boolean;
  /** Number among the patches of the script, where it is one for all instances. */
  readonly patch?: number;
}

/** Of so many calls of a method one is timed. */
const TIMED = 16;

/** What passes to new code, or to another thread. */
interface HandedOver {
  readonly thread: number;
  readonly isReady: boolean;
  /** Of the script's own making, if it has one; else what its variables hold. */
  readonly state: unknown;
  readonly globals: Record<string, unknown>;
  readonly fresh: Record<string, unknown>;
  readonly versions: VersionsData;
  /** Patches for all instances of the script that it has. */
  readonly patched: readonly number[];
  readonly calls: number;
  readonly failures: number;
  readonly profile: SnaxProfile;
}

/** One snax service: the functions in force, its state's accessors, its versions. */
export class Instance {
  readonly #skynet: Skynet;
  readonly #type: string;
  readonly #definition: SnaxDefinition;
  readonly #place: PatchPlace;
  readonly #profile: SnaxProfile = Object.create(null) as SnaxProfile;
  readonly #section: CriticalSection;
  readonly #locals = new Locals();
  /** The same by number. */
  readonly #counts: SnaxProfile[string][] = [];
  #versions!: VersionStore;
  #slots: Slot[] = [];
  #interface!: SnaxInterface;
  /** By number; what is called. */
  #methods: (AnyFunction | undefined)[] = [];
  /** Counted for those who watch a canary. */
  #calls = 0;
  #failures = 0;
  #isReady = false;
  #isOver = false;
  readonly #patched = new Set<number>();
  /** The version that lists show. */
  #noted = 0;

  constructor(skynet: Skynet, type: string, file: string, definition: SnaxDefinition) {
    this.#skynet = skynet;
    this.#type = type;
    this.#definition = definition;
    this.#section = skynet.queue();
    const locals = this.#locals;
    this.#place = {
      skynet,
      type,
      file,
      snax: this.#inside(),
      get locals() {
        return locals.all;
      },
      fresh: {},
    };
  }

  /** Runs the script, so that requests can come; `init` is the first of them. */
  async prepare(): Promise<void> {
    const skynet = this.#skynet;
    const table = await this.#locals.collect(() => this.#definition.setup(skynet, this.#place.snax));
    if (typeof table !== 'object' || table === null)
      throw snaxError(
        'ERR_SNAX_DEFINITION',
        `${this.#place.file}: the setup function returns no table of functions`,
      );
    if (table.locals !== undefined) this.#locals.give(table.locals);
    this.#slots = slotsOf(table, this.#definition.order);
    this.#interface = interfaceOf(this.#slots);
    this.#slots.forEach(({ name }, i) => {
      this.#profile[name] ??= { count: 0, time: 0 };
      this.#counts[i + FIRST_METHOD] = this.#profile[name];
    });
    setSelf(skynet, this.#type, this.#interface);
    const functions: Functions = {
      init: table.init as AnyFunction | undefined,
      exit: table.exit as AnyFunction | undefined,
      methods: this.#slots.map(({ group, name }) => table[group]?.[name] as AnyFunction),
    };
    this.#versions = new VersionStore(functions, {
      hash: hashOf(readFileSync(this.#place.file, 'utf8')),
      origin: this.#place.file,
    });
    this.#use(functions);
    for (const { number, source, by } of patchesOf(skynet, this.#type)) {
      this.#apply(await loadPatch(this.#place, this.#slots, this.#versions.functions, source), source, by);
      this.#patched.add(number);
    }
    skynet.dispatch('snax', this.#dispatch);
    kernelOf(skynet).answerDebug(QUESTION, (what, ...values) => this.#answer(what as string, values));
    this.#handOver(table.handover);
    skynet.info(() => ({
      type: this.#type,
      version: this.#versions.current,
      versions: this.#versions.list(),
      profile: this.#profile,
    }));
  }

  /** New code of the script, or of this package, and an instance in another thread, go on where this one stops. */
  #handOver(own: SnaxTable['handover']): void {
    const { globals } = this.#place.snax;
    const { fresh } = this.#place;
    const thread = kernelOf(this.#skynet).thread.number;
    const handover = {
      take: (): HandedOver => ({
        thread,
        isReady: this.#isReady,
        state: own === undefined ? takeState(this.#locals.own) : own.take(),
        globals: takeState(globals),
        fresh: takeState(fresh),
        versions: this.#versions.data,
        patched: [...this.#patched],
        calls: this.#calls,
        failures: this.#failures,
        profile: { ...this.#profile },
      }),
      give: async (given: HandedOver): Promise<void> => {
        const isSameCode = given.versions.entries[0]?.hash === this.#versions.data.entries[0]?.hash;
        if (given.thread !== thread && !isSameCode)
          throw snaxError('ERR_HANDOVER', `${this.#place.file} has changed: reload it before it moves`, {
            details: { file: this.#place.file },
          });
        if (own === undefined) putState(this.#locals.own, given.state as Record<string, unknown>);
        else await own.give(given.state as never);
        for (const name of Object.keys(globals)) delete globals[name];
        putStateInto(globals, given.globals);
        putStateInto(fresh, given.fresh);
        // Patches are for the code that they were made for.
        if (isSameCode) await this.#restoreVersions(given);
        this.#calls = given.calls;
        this.#failures = given.failures;
        for (const [name, counted] of Object.entries(given.profile))
          if (this.#profile[name] !== undefined) Object.assign(this.#profile[name], counted);
        this.#isReady = given.isReady;
      },
    };
    this.#skynet.handover<HandedOver>(handover);
  }

  async #restoreVersions({ versions, patched }: HandedOver): Promise<void> {
    const functions = await this.#versions.restore(
      versions,
      async (source, upon) => (await loadPatch(this.#place, this.#slots, upon, source)).functions,
    );
    this.#use(functions);
    this.#patched.clear();
    for (const number of patched) this.#patched.add(number);
  }

  #inside(): SnaxInside {
    const inside = Object.create(createSnax(this.#skynet)) as SnaxInside & {
      globals: Record<string, unknown>;
    };
    return Object.assign(inside, methodsOf(createSnax(this.#skynet)), {
      globals: {},
      locals: <Locals extends object>(locals: Locals): Locals => {
        this.#locals.give(locals);
        return locals;
      },
      enableCluster: () => void this.#skynet.dispatch('lua', this.#dispatch),
    });
  }

  #use(functions: Functions): void {
    const methods: (AnyFunction | undefined)[] = [];
    functions.methods.forEach((method, i) => {
      methods[i + FIRST_METHOD] = method;
    });
    this.#methods = methods;
    const { current } = this.#versions;
    if (current === this.#noted) return;
    this.#noted = current;
    kernelOf(this.#skynet).console.note(current === 0 ? undefined : `version ${current}`);
  }

  readonly #dispatch = (request: Request, id: number, ...args: unknown[]): unknown => {
    const method = this.#methods[id];
    if (method === undefined) return this.#system(request, id, args);
    if (!this.#isReady) throw snaxError('ERR_SNAX_INIT', 'Init first');
    const entry = this.#counts[id] as SnaxProfile[string];
    entry.count++;
    this.#calls++;
    // A look at the clock costs as much as a short method: one in so many calls stands for the others.
    const isTimed = entry.count % TIMED === 1;
    const before = isTimed ? performance.now() : 0;
    try {
      const result =
        args.length === 1 ? method.call(request, args[0] as never) : method.apply(request, args as never[]);
      return result instanceof Promise ? this.#counted(result) : result;
    } catch (error) {
      this.#failures++;
      throw error;
    } finally {
      if (isTimed) entry.time += ((performance.now() - before) * TIMED) / 1000;
    }
  };

  async #counted(result: Promise<unknown>): Promise<unknown> {
    try {
      return await result;
    } catch (error) {
      if (error instanceof Error) this.#failures++;
      throw error;
    }
  }

  #system(request: Request, id: number, args: unknown[]): unknown {
    switch (id) {
      case SYSTEM.init:
        return this.#init(args);
      case SYSTEM.exit:
        return this.#exit(request, args);
      case SYSTEM.profile:
        return this.#profile;
      case SYSTEM.hotfix:
        return this.#hotfixForOriginal(request, args);
      default:
        throw snaxError('ERR_SNAX_METHOD', `${this.#type} has no method ${String(id)}`, {
          details: { type: this.#type, method: String(id) },
        });
    }
  }

  async #init(args: unknown[]): Promise<unknown> {
    if (this.#isReady) throw snaxError('ERR_SNAX_INIT', 'Already init');
    try {
      const result = await this.#versions.functions.init?.(...(args as never[]));
      this.#isReady = true;
      return result;
    } catch (error) {
      // In the original it stays, uninitialised.
      if (error instanceof Error) this.#skynet.fork(() => this.#skynet.exit());
      throw error;
    }
  }

  async #exit(request: Request, args: unknown[]): Promise<void> {
    if (this.#isOver) return;
    if (!this.#isReady) throw snaxError('ERR_SNAX_INIT', 'Init first');
    this.#isOver = true;
    try {
      const result = await this.#versions.functions.exit?.(...(args as never[]));
      if (request.session !== 0) request.ret(...(result === undefined ? [] : [result]));
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      this.#skynet.error(error);
      if (request.session !== 0) request.fail(error);
    }
    this.#skynet.exit();
  }

  /** The original's request: it gets what happened as an answer, never as an error. */
  async #hotfixForOriginal(request: Request, [text, ...args]: unknown[]): Promise<void> {
    const from = text instanceof Uint8Array ? Buffer.from(text).toString() : String(text);
    const source: ReadSource = { kind: 'text', from, origin: 'text', hash: hashOf(from) };
    const by = this.#skynet.address(request.source);
    try {
      const { result } = await this.#section(() => this.#hotfix({ source, args, by }));
      request.ret(true, ...(result === undefined ? [] : [result]));
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      request.ret(false, error.message);
    }
  }

  #answer(what: string, [value]: unknown[]): unknown {
    switch (what) {
      case 'interface':
        return [this.#type, this.#interface];
      case 'hotfix':
        return this.#section(() => this.#hotfix(value as HotfixRequest));
      case 'rollback':
        return this.#section(() => this.#rollback(value as { n?: number }));
      case 'versions':
        return this.#versions.list();
      case 'health':
        return { calls: this.#calls, failures: this.#failures };
      default:
        throw snaxError('ERR_UNKNOWN_COMMAND', `Unknown question ${what}`);
    }
  }

  /** Whole or not at all: everything is checked before anything is changed, and a `hotfix` that throws changes it back. */
  async #hotfix({ source, args, by, snapshot = false, patch }: HotfixRequest): Promise<{ result: unknown }> {
    if (patch !== undefined && this.#patched.has(patch)) return { result: undefined };
    const loaded = await loadPatch(this.#place, this.#slots, this.#versions.functions, source);
    const before = this.#versions.current;
    const kept = snapshot ? takeState(this.#locals.own) : undefined;
    this.#apply(loaded, source, by);
    try {
      const result = await loaded.hotfix?.(...(args as never[]));
      if (patch !== undefined) this.#patched.add(patch);
      return { result };
    } catch (error) {
      this.#use(this.#versions.takeBack(before));
      if (kept !== undefined) putState(this.#locals.own, kept);
      if (!(error instanceof Error)) throw error;
      const line = lineOf(error);
      const where = line === undefined ? '' : `patch:${line}: `;
      throw snaxError('ERR_PATCH_HOTFIX', `hotfix() of the patch failed: ${where}${error.message}`, {
        cause: error,
        details: { function: 'hotfix', ...(line === undefined ? {} : { line }) },
      });
    }
  }

  #apply({ functions, names }: LoadedPatch, source: ReadSource, by: string): void {
    this.#versions.add(functions, source, by, names);
    this.#use(functions);
  }

  #rollback({ n }: { n?: number }): unknown {
    this.#use(this.#versions.rollback(n));
    return this.#versions.list();
  }
}

/** The methods of an API as functions of their own object, so that an object that adds to them can be destructured. */
function methodsOf<Api extends object>(api: Api): Partial<Api> {
  const methods: Record<string, unknown> = {};
  for (const name of Object.getOwnPropertyNames(Object.getPrototypeOf(api))) {
    const method = (api as Record<string, unknown>)[name];
    if (typeof method === 'function' && name !== 'constructor') methods[name] = method.bind(api);
  }
  return methods as Partial<Api>;
}

/** Values become properties, whether or not they are there. */
function putStateInto(target: Record<string, unknown>, state: Record<string, unknown>): void {
  for (const name of Object.keys(state)) target[name] ??= undefined;
  putState(target, state);
}

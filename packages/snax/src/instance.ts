import { readFileSync } from 'node:fs';
import type { CriticalSection, Request, Skynet } from '@skynet/core';
import { kernelOf } from '@skynet/core/kernel';
import type { SnaxInside, SnaxInterface, SnaxProfile } from './contract.ts';
import type { SnaxDefinition } from './define.ts';
import { snaxError } from './errors.ts';
import { FIRST_METHOD, interfaceOf, type Slot, SYSTEM, slotsOf } from './interface.ts';
import { type LoadedPatch, loadPatch } from './patch.ts';
import { patchesOf } from './patch-list.ts';
import type { AnyFunction, Functions, PatchPlace } from './patch-place.ts';
import { QUESTION } from './question.ts';
import { createSnax, setSelf } from './snax.ts';
import { hashOf, type ReadSource } from './source.ts';
import { VersionStore } from './version-store.ts';

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

/** What passes to new code. */
interface HandedOver {
  readonly isReady: boolean;
  readonly locals: Record<string, unknown>;
  readonly globals: Record<string, unknown>;
}

/** One snax service: the functions in force, its state's accessors, its versions. */
export class Instance {
  readonly #skynet: Skynet;
  readonly #type: string;
  readonly #definition: SnaxDefinition;
  readonly #place: PatchPlace;
  readonly #profile: SnaxProfile = Object.create(null) as SnaxProfile;
  readonly #section: CriticalSection;
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

  constructor(skynet: Skynet, type: string, file: string, definition: SnaxDefinition) {
    this.#skynet = skynet;
    this.#type = type;
    this.#definition = definition;
    this.#section = skynet.queue();
    this.#place = { skynet, type, file, snax: this.#inside(), locals: undefined, fresh: {} };
  }

  /** Runs the script, so that requests can come; `init` is the first of them. */
  async prepare(): Promise<void> {
    const skynet = this.#skynet;
    const table = await this.#definition.setup(skynet, this.#place.snax);
    if (typeof table !== 'object' || table === null)
      throw snaxError(
        'ERR_SNAX_DEFINITION',
        `${this.#place.file}: the setup function returns no table of functions`,
      );
    if (table.locals !== undefined) this.#place.locals = table.locals;
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
    // New code of the script, or of this package, goes on with what patches could reach.
    skynet.handover<HandedOver>({
      take: () => ({
        isReady: this.#isReady,
        locals: copyOf(this.#place.locals),
        globals: copyOf(this.#place.snax.globals),
      }),
      give: ({ isReady, locals, globals }) => {
        this.#isReady = isReady;
        for (const [name, value] of Object.entries(locals)) this.#restore(name, value);
        Object.assign(this.#place.snax.globals, globals);
      },
    });
    skynet.info(() => ({
      type: this.#type,
      version: this.#versions.current,
      versions: this.#versions.list(),
      profile: this.#profile,
    }));
  }

  /** A local that the new script has no more, or that nobody may set, stays as the script made it. */
  #restore(name: string, value: unknown): void {
    const { locals } = this.#place;
    const accessor = locals === undefined ? undefined : Object.getOwnPropertyDescriptor(locals, name);
    if (accessor?.set !== undefined || accessor?.writable === true)
      (locals as Record<string, unknown>)[name] = value;
  }

  #inside(): SnaxInside {
    const inside = Object.create(createSnax(this.#skynet)) as SnaxInside & {
      globals: Record<string, unknown>;
    };
    return Object.assign(inside, methodsOf(createSnax(this.#skynet)), {
      globals: {},
      locals: <Locals extends object>(locals: Locals): Locals => {
        this.#place.locals = locals;
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
    const kept = snapshot ? copyOf(this.#place.locals) : undefined;
    this.#apply(loaded, source, by);
    try {
      const result = await loaded.hotfix?.(...(args as never[]));
      if (patch !== undefined) this.#patched.add(patch);
      return { result };
    } catch (error) {
      this.#use(this.#versions.takeBack(before));
      if (kept !== undefined) Object.assign(this.#place.locals ?? {}, kept);
      if (!(error instanceof Error)) throw error;
      throw snaxError('ERR_PATCH_HOTFIX', `hotfix() of the patch failed: ${error.message}`, { cause: error });
    }
  }

  #apply({ functions, names }: LoadedPatch, { hash, origin }: ReadSource, by: string): void {
    this.#versions.add(functions, { hash, origin, by, functions: names });
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

function copyOf(locals: object | undefined): Record<string, unknown> {
  const copy: Record<string, unknown> = {};
  for (const name of Object.keys(locals ?? {})) {
    const value = (locals as Record<string, unknown>)[name];
    if (typeof value === 'function') continue;
    try {
      copy[name] = structuredClone(value);
    } catch {
      // What cannot be copied, a context or a connection, is not state of the kind that a patch changes.
    }
  }
  return copy;
}

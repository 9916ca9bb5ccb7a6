import { format } from 'node:util';
import type { Handle, Skynet } from '@skynet/core';
import { readOptions } from '@skynet/core/options';
import type {
  AnySnaxObject,
  PatchSource,
  PatchVersion,
  Rollout,
  RolloutOptions,
  Snax,
  SnaxInterface,
  SnaxObject,
  SnaxPlace,
  SnaxProfile,
} from './contract.ts';
import { snaxError } from './errors.ts';
import { SYSTEM } from './interface.ts';
import { findNodes, rolloutElsewhere } from './nodes.ts';
import { createObject } from './object.ts';
import { ask } from './question.ts';
import { Scripts } from './scripts.ts';
import type { PatchOrder } from './snaxpatch.ts';
import { readSource } from './source.ts';

const apis = new WeakMap<Skynet, SnaxApi>();

/** The snax API for a service (book §12.1); the same one for the same service. */
export function createSnax(skynet: Skynet): Snax {
  let api = apis.get(skynet);
  if (api === undefined) {
    api = new SnaxApi(skynet);
    apis.set(skynet, api);
  }
  return api;
}

/** Says that a service is a snax service of that type. */
export function setSelf(skynet: Skynet, type: string, known: SnaxInterface): void {
  (createSnax(skynet) as SnaxApi).setSelf(type, known);
}

class SnaxApi implements Snax {
  readonly #skynet: Skynet;
  readonly #scripts: Scripts;
  readonly #objects = new Map<Handle, SnaxObject>();
  #self: SnaxObject | undefined;

  constructor(skynet: Skynet) {
    this.#skynet = skynet;
    this.#scripts = Scripts.of(skynet);
  }

  setSelf(type: string, known: SnaxInterface): void {
    this.#self = createObject(this.#skynet, this.#skynet.self(), type, known);
    this.#objects.set(this.#self.handle, this.#self);
  }

  async newService<Script = never>(
    script: string | SnaxPlace,
    ...args: unknown[]
  ): Promise<SnaxObject<Script>> {
    return this.bind(await this.rawNewService(script, ...args), nameOf(script));
  }

  async rawNewService(script: string | SnaxPlace, ...args: unknown[]): Promise<Handle> {
    const name = nameOf(script);
    this.#scripts.find(this.#skynet, name);
    const place = typeof script === 'string' ? {} : script;
    const handle = await this.#skynet.newService({ ...place, name: 'snaxd' }, name);
    await this.#skynet.call(handle, 'snax', SYSTEM.init, ...args);
    return handle;
  }

  uniqueService<Script = never>(script: string, ...args: unknown[]): Promise<SnaxObject<Script>> {
    return this.#unique('LAUNCH', script, args);
  }

  globalService<Script = never>(script: string, ...args: unknown[]): Promise<SnaxObject<Script>> {
    return this.#unique('GLAUNCH', script, args);
  }

  queryService<Script = never>(script: string): Promise<SnaxObject<Script>> {
    return this.#unique('QUERY', script, []);
  }

  queryGlobal<Script = never>(script: string): Promise<SnaxObject<Script>> {
    return this.#unique('GQUERY', script, []);
  }

  async #unique<Script>(command: string, script: string, args: unknown[]): Promise<SnaxObject<Script>> {
    const name = nameOf(script);
    if (command.endsWith('LAUNCH')) this.#scripts.find(this.#skynet, name);
    const handle = await this.#skynet.call<Handle>('.service', 'lua', command, 'snaxd', name, ...args);
    return this.bind(handle, name);
  }

  async bind<Script = never>(handle: Handle, script: string): Promise<SnaxObject<Script>> {
    const known = this.#objects.get(handle);
    if (known !== undefined) return sameType(known, script);
    const methods = await this.#scripts.interface(nameOf(script), () => this.#learn(handle, script));
    const meanwhile = this.#objects.get(handle);
    if (meanwhile !== undefined) return sameType(meanwhile, script);
    const object = createObject(this.#skynet, handle, script, methods);
    this.#objects.set(handle, object);
    // A number may be used again one day; and who is gone needs no object.
    if (!this.#skynet.harbor(handle).remote)
      this.#skynet.watch(handle, () => void this.#objects.delete(handle));
    return object as unknown as SnaxObject<Script>;
  }

  /** From the service, which knows best; else, when it is another node's, from the script's module. */
  async #learn(handle: Handle, script: string): Promise<SnaxInterface> {
    if (this.#skynet.harbor(handle).remote) return this.#scripts.read(this.#skynet, script);
    const [type, methods] = await ask<[string, SnaxInterface]>(this.#skynet, handle, 'interface');
    if (type === script) return methods;
    throw snaxError('ERR_SNAX_TYPE', `${this.#skynet.address(handle)} is a ${type}, not a ${script}`, {
      details: { type, asked: script },
    });
  }

  self<Script = never>(): SnaxObject<Script> {
    if (this.#self === undefined)
      throw snaxError('ERR_SNAX_TYPE', `${this.#skynet.name} is no snax service: it has no object`);
    return this.#self as unknown as SnaxObject<Script>;
  }

  async kill(object: AnySnaxObject, ...args: unknown[]): Promise<void> {
    await this.#skynet.call(handleOf(object), 'snax', SYSTEM.exit, ...args);
  }

  exit(...args: unknown[]): Promise<void> {
    return this.kill(this.self(), ...args);
  }

  interface(script: string): Promise<SnaxInterface> {
    return this.#scripts.interface(nameOf(script), () => this.#scripts.read(this.#skynet, script));
  }

  async request(object: AnySnaxObject, method: string, ...args: unknown[]): Promise<unknown[]> {
    const { response } = await this.#scripts.interface(object.type, () =>
      this.#learn(object.handle, object.type),
    );
    const id = response[method];
    if (id === undefined)
      throw snaxError('ERR_SNAX_METHOD', `request ${object.type}:${method} no exist`, {
        details: { type: object.type, method },
      });
    const body = await this.#skynet.rawCall(object.handle, 'snax', this.#skynet.pack(id, ...args));
    return this.#skynet.unpack(body);
  }

  profileInfo(object: AnySnaxObject): Promise<SnaxProfile> {
    return this.#skynet.call(handleOf(object), 'snax', SYSTEM.profile);
  }

  printf(text: string, ...values: unknown[]): void {
    this.#skynet.error(format(text, ...values));
  }

  async hotfix<Result = unknown>(
    target: AnySnaxObject | string,
    source: PatchSource,
    ...args: unknown[]
  ): Promise<Result> {
    if (typeof target === 'string') return (await this.rollout(target, source, { args })).results as Result;
    const handle = handleOf(target);
    // The original's nodes know only its own request, and answer with what happened.
    if (this.#skynet.harbor(handle).remote) {
      const body = await this.#skynet.rawCall(
        handle,
        'snax',
        this.#skynet.pack(SYSTEM.hotfix, source, ...args),
      );
      const [isDone, result] = this.#skynet.unpack(body);
      if (isDone === true) return result as Result;
      throw snaxError('ERR_PATCH_LOAD', String(result));
    }
    const { result } = await ask<{ result: Result }>(this.#skynet, handle, 'hotfix', {
      source: readSource(this.#skynet, source),
      args,
      by: this.#skynet.address(this.#skynet.self()),
    });
    return result;
  }

  async rollout(script: string, source: PatchSource, options: RolloutOptions = {}): Promise<Rollout> {
    readOptions('rollout option', options, (given) => {
      for (const key of ['args', 'snapshot', 'nodes', 'cluster'] as const) given.value(key);
      const canary = given.group('canary');
      for (const key of ['watch', 'tolerance'] as const) canary.value(key);
    });
    const { args = [], snapshot = false, canary, nodes = [], cluster } = options;
    const skynet = this.#skynet;
    // A script or a file that is not there is told of at once.
    this.#scripts.find(skynet, nameOf(script));
    const { hash } = readSource(skynet, source);
    const by = skynet.address(skynet.self());
    const order: PatchOrder = { script: nameOf(script), source, args, snapshot, canary, by, hash };
    const others = await findNodes(skynet, nodes, cluster);
    const patcher = await this.#patcher();
    const here = await skynet.call<Rollout>(patcher, 'lua', 'ROLLOUT', order);
    if (others.length === 0) return here;
    try {
      const all = [here, ...(await rolloutElsewhere(order, others))];
      return {
        instances: all.flatMap(({ instances }) => instances),
        results: all.flatMap(({ results }) => results),
      };
    } catch (error) {
      await skynet.call(patcher, 'lua', 'ROLLBACK', { script: order.script, by });
      throw error;
    }
  }

  /** The service of the node that gives patches to all instances of a script. */
  #patcher(): Promise<Handle> {
    return this.#skynet.uniqueService('snaxpatch');
  }

  async decide(script: string, word: 'go' | 'back'): Promise<void> {
    await this.#skynet.call(await this.#patcher(), 'lua', 'DECIDE', nameOf(script), word);
  }

  async canaries(): Promise<Record<string, { canary: string; origin: string }>> {
    return this.#skynet.call(await this.#patcher(), 'lua', 'WATCHING');
  }

  versions(object: AnySnaxObject): Promise<PatchVersion[]> {
    return ask(this.#skynet, handleOf(object), 'versions');
  }

  async rollback(target: AnySnaxObject | string, version?: number): Promise<void> {
    if (typeof target === 'string') {
      const by = this.#skynet.address(this.#skynet.self());
      await this.#skynet.call(await this.#patcher(), 'lua', 'ROLLBACK', {
        script: nameOf(target),
        version,
        by,
      });
    } else
      await ask(this.#skynet, handleOf(target), 'rollback', {
        n: version,
        by: this.#skynet.address(this.#skynet.self()),
      });
  }
}

function nameOf(script: string | SnaxPlace): string {
  const name = typeof script === 'object' && script !== null ? script.name : script;
  if (typeof name === 'string' && name !== '') return name;
  throw snaxError('ERR_ARGUMENT', 'a snax service has a name');
}

function handleOf(object: AnySnaxObject): Handle {
  if (typeof object === 'object' && object !== null && typeof object.handle === 'number')
    return object.handle;
  throw snaxError('ERR_ARGUMENT', 'an object of a snax service is needed');
}

function sameType<Script>(object: SnaxObject, script: string): SnaxObject<Script> {
  if (object.type === script) return object as unknown as SnaxObject<Script>;
  throw snaxError('ERR_SNAX_TYPE', `${String(object)} is a ${object.type}, not a ${script}`, {
    details: { type: object.type, asked: script },
  });
}

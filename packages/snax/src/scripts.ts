import type { Skynet } from '@skynet/core';
import { kernelOf, type ThreadKernel } from '@skynet/core/kernel';
import type { SnaxDefinition, SnaxInside, SnaxInterface } from './contract.ts';
import { isSnaxDefinition } from './define.ts';
import { snaxError } from './errors.ts';
import { interfaceOf, slotsIn, slotsOf } from './interface.ts';

/** Services beside this file, in the sources as in the built package. */
const SERVICES: readonly string[] = ['snaxd', 'snaxpatch'];
const ENDING = import.meta.url.endsWith('.ts') ? '.ts' : '.js';
/** Built, as Node wants it; undefined where Vite loads scripts, and its plugin does the same (`vitest.config.ts`). */
const HOOKS_FILE =
  (import.meta as { env?: unknown }).env !== undefined
    ? undefined
    : import.meta.url.endsWith('.ts')
      ? '../dist/join-hooks-main.js'
      : './join-hooks-main.js';
const KEY = Symbol.for('@skynet/snax scripts');

/** The scripts of a thread: where they are, their modules, what is known of their methods. */
export class Scripts {
  readonly #thread: ThreadKernel;
  readonly #interfaces = new Map<string, SnaxInterface>();
  #generation = 0;

  private constructor(thread: ThreadKernel) {
    this.#thread = thread;
    for (const name of SERVICES)
      thread.modules.provide(name, new URL(`./${name}${ENDING}`, import.meta.url).href);
    thread.modules.onClear(() => {
      this.#interfaces.clear();
      this.#generation++;
    });
    if (HOOKS_FILE !== undefined) thread.modules.useHooks(new URL(HOOKS_FILE, import.meta.url).href);
  }

  static of(skynet: Skynet): Scripts {
    return kernelOf(skynet).thread.local(KEY, (thread) => new Scripts(thread));
  }

  /** The file of a script, on the search path `snax` of the configuration. @throws ERR_SERVICE_NOT_FOUND. */
  find(skynet: Skynet, name: string): string {
    const patterns = skynet.getenv('snax') ?? skynet.getenv('services') ?? './snax/?';
    const list = patterns.split(';').filter((pattern) => pattern !== '');
    return this.#thread.modules.find(
      list.map((pattern) => pattern.replace(/(\/init)?\.lua$/, '')),
      name,
    );
  }

  /** @throws ERR_SERVICE_NOT_FOUND, ERR_SERVICE_MODULE, ERR_SNAX_DEFINITION. */
  async load(skynet: Skynet, name: string): Promise<{ file: string; definition: SnaxDefinition }> {
    const file = this.find(skynet, name);
    let module: { default?: unknown };
    try {
      module = (await this.#thread.modules.import(file)) as { default?: unknown };
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      throw snaxError('ERR_SERVICE_MODULE', `${file} cannot be loaded: ${reason}`, {
        cause: error,
        details: { file },
      });
    }
    if (!isSnaxDefinition(module.default))
      throw snaxError('ERR_SNAX_DEFINITION', `${file} has no snax service as default export (defineSnax)`, {
        details: { file },
      });
    return { file, definition: module.default };
  }

  /** The methods of a script. Every service learns them itself, as nobody may wait for what another one's task waits for. */
  async interface(name: string, learn: () => Promise<SnaxInterface>): Promise<SnaxInterface> {
    const known = this.#interfaces.get(name);
    if (known !== undefined) return known;
    const generation = this.#generation;
    const learnt = await learn();
    if (generation === this.#generation) this.#interfaces.set(name, learnt);
    return learnt;
  }

  /** The methods that a module says it has. @throws as {@link load}. */
  read(skynet: Skynet, name: string): Promise<SnaxInterface> {
    return skynet.await(this.#read(skynet, name));
  }

  async #read(skynet: Skynet, name: string): Promise<SnaxInterface> {
    const { file, definition } = await this.load(skynet, name);
    if (definition.order !== undefined) return interfaceOf(slotsIn(definition.order));
    try {
      return interfaceOf(slotsOf(await definition.setup(INERT as Skynet, INERT as SnaxInside), undefined));
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      throw snaxError(
        'ERR_SNAX_DEFINITION',
        `the methods of ${file} cannot be learnt without starting it (${reason}): name them in \`order\``,
        { cause: error, details: { file } },
      );
    }
  }
}

/** Stands for every context where a setup function runs only to say what it defines. */
const INERT: unknown = new Proxy(() => {}, {
  get: (_target, key) => (key === 'then' || typeof key === 'symbol' ? undefined : INERT),
  set: () => true,
  apply: () => INERT,
  construct: () => INERT as object,
});

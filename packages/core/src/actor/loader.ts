import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { textOf } from '../codec/error.ts';
import type { Handover, ServiceDefinition } from '../contracts/skynet.ts';
import { isServiceDefinition } from '../define.ts';
import { isSkynetError, SkynetError } from '../errors.ts';
import { versionOf } from '../module-graph.ts';
import { candidatesOf, importModule } from '../typescript.ts';

/**
 * Finds and loads the modules of services (the original's `luaservice` path, book §3.1): in every pattern `?` is
 * replaced by the name, the first hit wins. A pattern is a path from the base folder, or a package path such as
 * `@acme/services/?`.
 */
export class ServiceLoader {
  readonly #patterns: readonly string[];
  readonly #base: string;
  readonly #provided = new Map<string, ServiceDefinition>();
  readonly #inner = new Set<string>();
  readonly #loaded = new Map<string, ServiceDefinition>();
  readonly #loading = new Map<string, Promise<ServiceDefinition>>();
  readonly #elsewhere: (name: string) => string | undefined;
  readonly #listeners = new Set<() => void>();
  #generation = 0;

  /** `elsewhere` knows the files of services that packages bring, asked when the patterns have none. */
  constructor(
    patterns: readonly string[],
    base: string,
    elsewhere: (name: string) => string | undefined = () => undefined,
  ) {
    this.#patterns = patterns;
    this.#base = base;
    this.#elsewhere = elsewhere;
  }

  /** A loader that looks along other patterns. */
  along(patterns: readonly string[]): ServiceLoader {
    return new ServiceLoader(patterns, this.#base);
  }

  /** Adds a built-in service, found first under its name; `isInner`: the node starts it by itself, and it is listed nowhere. */
  provide(name: string, definition: ServiceDefinition, isInner = false): void {
    this.#provided.set(name, definition);
    if (isInner) this.#inner.add(name);
  }

  /** Whether a service is built in. */
  isProvided(name: string): boolean {
    return this.#provided.has(name);
  }

  /** A service that is loaded already. */
  cached(name: string): ServiceDefinition | undefined {
    return this.#provided.get(name) ?? this.#loaded.get(name);
  }

  /** Whether there is a service of that name, as far as can be said without loading it. */
  has(name: string): boolean {
    return this.cached(name) !== undefined || (isServiceName(name) && this.#locate(name, []) !== undefined);
  }

  /** Names of the services that stand where the patterns say, and of the built-in ones, in order. */
  names(): string[] {
    const names = new Set([...this.#provided.keys()].filter((name) => !this.#inner.has(name)));
    for (const pattern of this.#patterns) {
      const [before = '', after] = pattern.split('?');
      if (after === undefined || !before.endsWith('/')) continue;
      for (const entry of filesIn(this.#resolve(before))) {
        const name = path.parse(entry).name;
        if (isServiceName(name) && this.has(name)) names.add(name);
      }
    }
    return [...names].sort();
  }

  /** @throws ERR_SERVICE_NOT_FOUND (`details.tried`), ERR_SERVICE_MODULE, ERR_NAME_INVALID. */
  load(name: string): Promise<ServiceDefinition> {
    const loaded = this.cached(name);
    if (loaded !== undefined) return Promise.resolve(loaded);
    const underWay = this.#loading.get(name);
    if (underWay !== undefined) return underWay;
    const loading = this.#import(name).finally(() => {
      if (this.#loading.get(name) === loading) this.#loading.delete(name);
    });
    this.#loading.set(name, loading);
    return loading;
  }

  /**
   * Lets later starts load changed files, and what these import by relative paths; running instances keep their code
   * (`clearcache`).
   */
  clear(): void {
    this.#generation++;
    this.#loaded.clear();
    this.#loading.clear();
    for (const listener of this.#listeners) listener();
  }

  /** Told of every {@link clear}. Returns a function that stops listening. */
  onClear(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** Imports a module; anew, if there was a {@link clear} since. @throws what the module throws. */
  importFile(file: string, version = ''): Promise<unknown> {
    const own = this.#generation === 0 ? '' : versionOf(file);
    return importModule(file, [own, version].filter((part) => part !== '').join('-'));
  }

  /**
   * Loads a service anew, with what it imports by relative paths; what starts from now on is this one. A file that cannot be
   * loaded changes nothing.
   * @throws as {@link load}.
   */
  async reload(name: string): Promise<ServiceDefinition> {
    const provided = this.#provided.get(name);
    if (provided !== undefined) return provided;
    const definition = await this.#import(name, true);
    this.#loaded.set(name, definition);
    return definition;
  }

  async #import(name: string, isReload = false): Promise<ServiceDefinition> {
    const generation = this.#generation;
    const file = this.find(name);
    let module: Module;
    try {
      module = (await importModule(file, isReload || generation > 0 ? versionOf(file) : '')) as Module;
    } catch (error) {
      if (isSkynetError(error, 'ERR_SERVICE_MODULE')) throw error;
      throw new SkynetError('ERR_SERVICE_MODULE', `${file} cannot be loaded: ${textOf(error)}`, {
        cause: error,
        details: { file },
      });
    }
    const given = module.default;
    if (!isServiceDefinition(given)) {
      throw new SkynetError(
        'ERR_SERVICE_MODULE',
        `${file} has no service as default export (defineService)`,
        { details: { file } },
      );
    }
    const definition = module.handover === undefined ? given : { ...given, handover: module.handover };
    if (generation === this.#generation && !isReload) this.#loaded.set(name, definition);
    return definition;
  }

  /** The file of a service. @throws ERR_SERVICE_NOT_FOUND (`details.tried`), ERR_NAME_INVALID. */
  find(name: string): string {
    if (!isServiceName(name)) {
      throw new SkynetError('ERR_NAME_INVALID', `not a service name: ${JSON.stringify(name)}`, {
        details: { name },
      });
    }
    const tried: string[] = [];
    const file = this.#locate(name, tried) ?? this.#elsewhere(name);
    if (file !== undefined) return file;
    const list = tried.map((file) => `cannot open ${file}: No such file or directory`).join('\n');
    throw new SkynetError('ERR_SERVICE_NOT_FOUND', `no service ${name}\n${list}`, {
      details: { name, tried },
    });
  }

  /** The file of a service; undefined, and in `tried` what was looked for, if there is none. */
  #locate(name: string, tried: string[]): string | undefined {
    for (const pattern of this.#patterns) {
      const stem = this.#resolve(pattern.replaceAll('?', name));
      const candidates = path.extname(pattern) === '' ? candidatesOf(stem) : [stem];
      const file = candidates.find((candidate) => existsSync(candidate));
      if (file !== undefined) return file;
      tried.push(`${path.relative(this.#base, stem)}${path.extname(pattern) === '' ? '.ts' : ''}`);
    }
    return undefined;
  }

  #resolve(location: string): string {
    if (/^[./]/.test(location) || path.isAbsolute(location)) return path.resolve(this.#base, location);
    const parts = location.split('/');
    const depth = location.startsWith('@') ? 2 : 1;
    // Looked for by hand: the files of a service need not be among the package's exports.
    for (let folder = this.#base; ; folder = path.dirname(folder)) {
      const found = path.join(folder, 'node_modules', ...parts.slice(0, depth));
      if (existsSync(found)) return path.join(found, ...parts.slice(depth));
      if (path.dirname(folder) === folder) return path.resolve(this.#base, location);
    }
  }
}

/** What stands in the module of a service. */
interface Module {
  readonly default?: unknown;
  readonly handover?: Handover;
}

function isServiceName(name: string): boolean {
  return /^[\w@-][\w@.-]*(\/[\w@-][\w@.-]*)*$/.test(name);
}

/** What stands in a folder; nothing if there is none. */
function filesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

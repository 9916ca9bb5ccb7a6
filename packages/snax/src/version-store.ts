import type { PatchVersion } from './contract.ts';
import { snaxError } from './errors.ts';
import type { Functions } from './patch-place.ts';
import type { ReadSource } from './source.ts';

/** Versions whose functions are kept; older ones are known by their data only, the file's code always. */
const MAX_KEPT = 32;

interface Entry extends Omit<PatchVersion, 'current'> {
  /** The version that was in force before it. */
  before: number;
  table: Functions;
  /** Undefined for the file's code. */
  source: ReadSource | undefined;
}

/** The versions of an instance as data, for one that goes on in its place. */
export interface VersionsData {
  readonly entries: readonly Omit<Entry, 'table'>[];
  readonly current: number;
  readonly next: number;
}

/** The versions of one instance: data of all that are remembered, and the functions to go back to. */
export class VersionStore {
  #entries: Entry[];
  #current = 0;
  #next = 1;

  constructor(functions: Functions, file: { hash: string; origin: string }) {
    const entry = { n: 0, ...file, time: Date.now(), by: '', functions: [], before: 0 };
    this.#entries = [{ ...entry, table: functions, source: undefined }];
  }

  /** Number of the one in force. */
  get current(): number {
    return this.#current;
  }

  /** Functions in force. */
  get functions(): Functions {
    return (this.#entry(this.#current) as Entry).table;
  }

  add(functions: Functions, source: ReadSource, by: string, names: readonly string[]): void {
    const { hash, origin } = source;
    const before = this.#current;
    this.#current = this.#next++;
    this.#entries.push({
      n: this.#current,
      before,
      hash,
      origin,
      time: Date.now(),
      by,
      functions: names,
      table: functions,
      source,
    });
    if (this.#entries.length > MAX_KEPT + 1) this.#entries.splice(1, 1);
  }

  /** A version that did not come into force after all is forgotten. Returns the functions of the one before. */
  takeBack(before: number): Functions {
    this.#entries.splice(
      this.#entries.findIndex(({ n }) => n === this.#current),
      1,
    );
    this.#current = before;
    return this.functions;
  }

  /** Puts a version in force again, by default the one before the current. @throws ERR_PATCH_VERSION. */
  rollback(n: number | undefined): Functions {
    const before = this.#current === 0 ? undefined : this.#entry(this.#current)?.before;
    const target =
      n === undefined
        ? before === undefined
          ? undefined
          : (this.#entry(before) ?? this.#entries[0])
        : this.#entry(n);
    if (target === undefined)
      throw snaxError(
        'ERR_PATCH_VERSION',
        n === undefined ? `there is no version before ${this.#current}` : `there is no version ${String(n)}`,
        { details: { version: String(n) } },
      );
    this.#current = target.n;
    return this.functions;
  }

  /** All of it as data. */
  get data(): VersionsData {
    const entries = this.#entries.map(({ table: _table, ...entry }) => entry);
    return { entries, current: this.#current, next: this.#next };
  }

  /** Becomes what another instance was; `load` makes the functions of a patch upon those that it was a patch for. */
  async restore(
    { entries, current, next }: VersionsData,
    load: (source: ReadSource, upon: Functions) => Promise<Functions>,
  ): Promise<Functions> {
    const [file] = this.#entries as [Entry];
    const restored: Entry[] = [];
    for (const entry of entries) {
      const { source, before } = entry;
      const upon = (restored.find(({ n }) => n === before) ?? file).table;
      restored.push({
        ...entry,
        source,
        table: source === undefined ? file.table : await load(source, upon),
      });
    }
    this.#entries = restored;
    this.#current = current;
    this.#next = next;
    return this.functions;
  }

  list(): PatchVersion[] {
    return this.#entries.map(({ table: _table, before: _before, source: _source, ...entry }) => ({
      ...entry,
      current: entry.n === this.#current,
    }));
  }

  #entry(n: number): Entry | undefined {
    return this.#entries.find((entry) => entry.n === n);
  }
}

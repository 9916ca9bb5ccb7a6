import type { PatchVersion } from './contract.ts';
import { snaxError } from './errors.ts';
import type { Functions } from './patch-place.ts';

/** Versions whose functions are kept; older ones are known by their data only, the file's code always. */
const MAX_KEPT = 32;

interface Entry extends Omit<PatchVersion, 'current'> {
  /** The version that was in force before it. */
  before: number;
  table: Functions;
}

/** The versions of one instance: data of all that are remembered, and the functions to go back to. */
export class VersionStore {
  readonly #entries: Entry[];
  #current = 0;
  #next = 1;

  constructor(functions: Functions, file: { hash: string; origin: string }) {
    this.#entries = [{ n: 0, ...file, time: Date.now(), by: '', functions: [], before: 0, table: functions }];
  }

  /** Number of the one in force. */
  get current(): number {
    return this.#current;
  }

  /** Functions in force. */
  get functions(): Functions {
    return (this.#entry(this.#current) as Entry).table;
  }

  add(
    functions: Functions,
    {
      hash,
      origin,
      by,
      functions: names,
    }: { hash: string; origin: string; by: string; functions: readonly string[] },
  ): void {
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

  list(): PatchVersion[] {
    return this.#entries.map(({ table: _table, before: _before, ...entry }) => ({
      ...entry,
      current: entry.n === this.#current,
    }));
  }

  #entry(n: number): Entry | undefined {
    return this.#entries.find((entry) => entry.n === n);
  }
}

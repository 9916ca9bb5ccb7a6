import type { Handle } from '@skynet/core';
import type { DirectoryWatcher } from '../mesh/directory.ts';
import type { Kept, NameEntry } from './store.ts';

/** A name that was given, and the revision that says so. */
export interface GivenName extends NameEntry {
  readonly revision: number;
}

/** In place of a revision: of a name that was given before NATS forgot everything. */
const FORGOTTEN = 0;

/** Who has which name. What belongs to a node that is not there is known and not told of. */
export class NameBook {
  readonly #given = new Map<string, GivenName>();
  /** Newest revisions of names that nobody has. */
  readonly #free = new Map<string, number>();
  readonly #told = new Map<string, Handle>();
  readonly #isThere: (incarnation: string) => boolean;
  readonly #watcher: DirectoryWatcher;

  constructor(isThere: (incarnation: string) => boolean, watcher: DirectoryWatcher) {
    this.#isThere = isThere;
    this.#watcher = watcher;
  }

  /** Names that services of nodes have which are there. */
  get size(): number {
    return this.#told.size;
  }

  /** Whether that is newer than what was known. */
  changed(name: string, { value, revision }: Kept<NameEntry>): boolean {
    const before = this.#given.get(name)?.revision ?? this.#free.get(name) ?? 0;
    if (revision <= before) return false;
    if (value === undefined) {
      this.#given.delete(name);
      this.#free.set(name, revision);
    } else {
      this.#free.delete(name);
      this.#given.set(name, { ...value, revision });
    }
    this.#tell(name);
    return true;
  }

  /** Names that are not among these are nobody's, unless they are forgotten: their owners claim them again. */
  keepOnly(names: ReadonlySet<string>): void {
    for (const [name, { revision }] of [...this.#given]) {
      if (names.has(name) || revision === FORGOTTEN) continue;
      this.#given.delete(name);
      this.#tell(name);
    }
  }

  /** Revisions begin anew. */
  forget(): void {
    this.#free.clear();
    for (const [name, given] of this.#given) this.#given.set(name, { ...given, revision: FORGOTTEN });
  }

  /** Who had a name before NATS forgot everything, as long as nobody has claimed it since. */
  forgotten(name: string): NameEntry | undefined {
    const given = this.#given.get(name);
    return given?.revision === FORGOTTEN ? given : undefined;
  }

  /** What was not claimed again is nobody's. */
  dropForgotten(): void {
    for (const [name, { revision }] of [...this.#given]) {
      if (revision !== FORGOTTEN) continue;
      this.#given.delete(name);
      this.#tell(name);
    }
  }

  /** A node has come, or is gone. */
  nodeChanged(incarnation: string): void {
    for (const [name] of this.of(incarnation)) this.#tell(name);
  }

  /** What a node in one of its lives has. */
  of(incarnation: string): [name: string, given: GivenName][] {
    return [...this.#given].filter(([, given]) => given.incarnation === incarnation);
  }

  #tell(name: string): void {
    const given = this.#given.get(name);
    const owner = given !== undefined && this.#isThere(given.incarnation) ? given.handle : undefined;
    const before = this.#told.get(name);
    if (owner === before) return;
    if (owner === undefined) {
      this.#told.delete(name);
      this.#watcher.freed(name);
    } else {
      this.#told.set(name, owner);
      this.#watcher.named(name, owner);
    }
  }
}

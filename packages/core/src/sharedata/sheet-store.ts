import type { ThreadKernel } from '../contracts/kernel.ts';
import { SkynetError } from '../errors.ts';
import type { ShareDataErrorCode } from './errors.ts';
import { Sheet } from './sheet.ts';
import { ROOT } from './slot.ts';
import { kindOf, type Source, viewOf } from './view.ts';

/** What threads post each other about shared data. */
const POST = 'core/sharedata';
/** In the registry: the number of the newest change, in turns under two keys, so that there is always one to be read. */
const VERSIONS = ['core/sharedata.even', 'core/sharedata.odd'] as const;
/** The thread that decides: it is never lost. */
const HOME = 0;

const STORE = Symbol('sheets of this thread');

/** One change; several are made together or not at all. */
export interface Change {
  readonly key: string;
  /** `create`: must not be there; `replace` and `delete`: must be there. */
  readonly how: 'create' | 'update' | 'replace' | 'delete';
  /** The new data; not with `delete`. */
  readonly memory?: SharedArrayBuffer;
}

/** Shared data under a name, as one thread knows them. */
export class Entry implements Source {
  sheet: Sheet;
  version: number;
  #live: object | undefined;
  #fixed: object | undefined;

  constructor(sheet: Sheet, version: number) {
    this.sheet = sheet;
    this.version = version;
  }

  /** A view that shows the newest. Another one only when an update has made another kind of container of the whole. */
  get live(): object {
    this.#live ??= viewOf(this);
    return this.#live;
  }

  /** A view of what there is now, for ever. */
  get fixed(): object {
    this.#fixed ??= viewOf({ sheet: this.sheet });
    return this.#fixed;
  }

  /** The part that the keys lead to, as ordinary values; undefined if there is none. */
  copy(path: readonly unknown[]): unknown {
    const { sheet } = this;
    let cell: number = ROOT;
    for (const key of path) {
      cell = sheet.cellIn(sheet.tag(cell), sheet.low(cell), key);
      if (cell < 0) return undefined;
    }
    return sheet.copy(cell);
  }

  move(sheet: Sheet, version: number): void {
    const isOtherKind = kindOf(sheet.tag(ROOT)) !== kindOf(this.sheet.tag(ROOT));
    this.sheet = sheet;
    this.version = version;
    this.#fixed = undefined;
    if (isOtherKind) this.#live = undefined;
  }
}

interface Waiting {
  resolve(): void;
  reject(error: SkynetError): void;
}

type Posted =
  | ['change', id: number, changes: [key: string, how: Change['how']][]]
  | ['refused', id: number, code: ShareDataErrorCode, text: string]
  | ['changed', id: number]
  | ['apply', version: number, changes: [key: string, how: Change['how']][]]
  | ['want', id: number]
  | ['all', id: number, version: number, entries: [key: string, version: number][]];

/**
 * The shared data that one thread knows. Thread 0 decides on changes and tells the others, in order; the memory itself is
 * the same in all of them, and goes when nobody shows it any more.
 */
export class SheetStore {
  readonly #thread: ThreadKernel;
  readonly #entries = new Map<string, Entry>();
  readonly #waiting = new Map<number, Waiting>();
  readonly #listeners = new Map<string, Set<() => void>>();
  /** The change up to which this thread is. */
  #version = 0;
  #lastId = 0;

  /** The store of a thread; made on first use, in thread 0 at its start. */
  static of(thread: ThreadKernel): SheetStore {
    return thread.local(STORE, () => new SheetStore(thread));
  }

  private constructor(thread: ThreadKernel) {
    this.#thread = thread;
    if (thread.threads > 1)
      thread.onPost(POST, (values, from, memories) => this.#take(values as Posted, from, memories));
  }

  get(key: string): Entry | undefined {
    return this.#entries.get(key);
  }

  /** Names of a kind. */
  names(kind: string): string[] {
    const start = `${kind}:`;
    return [...this.#entries.keys()]
      .filter((key) => key.startsWith(start))
      .map((key) => key.slice(start.length));
  }

  /** Whether this thread knows all changes that any thread has been told of as done. */
  get isCurrent(): boolean {
    if (this.#thread.number === HOME) return true;
    const { registry } = this.#thread;
    const [even, odd] = VERSIONS;
    return (
      Number(registry.get(even) ?? 0) <= this.#version && Number(registry.get(odd) ?? 0) <= this.#version
    );
  }

  /** The data of a key, the newest. */
  async find(key: string): Promise<Entry | undefined> {
    if (!this.isCurrent) await this.catchUp();
    return this.#entries.get(key);
  }

  /** Learns what there is. */
  catchUp(): Promise<void> {
    if (this.isCurrent) return Promise.resolve();
    return this.#ask((id) => this.#post(HOME, ['want', id]));
  }

  /**
   * Changes everywhere; when it resolves all threads see it that ask, and this one does at once.
   * @throws ERR_SHAREDATA_EXISTS, ERR_SHAREDATA_MISSING; nothing is changed then.
   */
  async change(changes: readonly Change[]): Promise<void> {
    if (this.#thread.number === HOME) {
      const refused = this.#refusal(changes);
      if (refused !== undefined) throw refused;
      this.#decide(changes);
      return;
    }
    await this.#ask((id) =>
      this.#post(
        HOME,
        ['change', id, changes.map(({ key, how }) => [key, how])],
        changes.flatMap(({ memory }) => memory ?? []),
      ),
    );
  }

  /** Calls `changed` after each change of a key, in no turn. Returns a function that stops that. */
  onChange(key: string, changed: () => void): () => void {
    const listeners = this.#listeners.get(key) ?? new Set();
    this.#listeners.set(key, listeners.add(changed));
    return () => {
      listeners.delete(changed);
      if (listeners.size === 0 && this.#listeners.get(key) === listeners) this.#listeners.delete(key);
    };
  }

  #ask(post: (id: number) => void): Promise<void> {
    const id = ++this.#lastId;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      post(id);
    });
  }

  #post(thread: number, values: Posted, memories?: readonly SharedArrayBuffer[]): void {
    this.#thread.post(thread, POST, values, memories);
  }

  #take(posted: Posted, from: number, memories: readonly SharedArrayBuffer[]): void {
    switch (posted[0]) {
      case 'change':
        this.#answer(from, posted[1], withMemory(posted[2], memories));
        break;
      case 'apply':
        this.#apply(posted[1], withMemory(posted[2], memories));
        break;
      case 'want':
        this.#post(
          from,
          [
            'all',
            posted[1],
            this.#version,
            Array.from(this.#entries, ([key, { version }]) => [key, version]),
          ],
          Array.from(this.#entries.values(), ({ sheet }) => sheet.memory),
        );
        break;
      case 'all':
        this.#learn(posted[2], posted[3], memories);
        this.#settle(posted[1])?.resolve();
        break;
      case 'changed':
        this.#settle(posted[1])?.resolve();
        break;
      default:
        this.#settle(posted[1])?.reject(new SkynetError<ShareDataErrorCode>(posted[2], posted[3]));
    }
  }

  #settle(id: number): Waiting | undefined {
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    return waiting;
  }

  #answer(from: number, id: number, changes: readonly Change[]): void {
    const refused = this.#refusal(changes);
    if (refused !== undefined) {
      this.#post(from, ['refused', id, refused.code as ShareDataErrorCode, refused.message]);
      return;
    }
    this.#decide(changes);
    this.#post(from, ['changed', id]);
  }

  #refusal(changes: readonly Change[]): SkynetError | undefined {
    for (const { key, how } of changes) {
      const name = key.slice(key.indexOf(':') + 1);
      if (how === 'create' && this.#entries.has(key))
        return new SkynetError<ShareDataErrorCode>(
          'ERR_SHAREDATA_EXISTS',
          `there are shared data "${name}" already`,
        );
      if ((how === 'delete' || how === 'replace') && !this.#entries.has(key)) return missing(name);
    }
    return undefined;
  }

  #decide(changes: readonly Change[]): void {
    const version = this.#version + 1;
    this.#apply(version, changes);
    const memories = changes.flatMap(({ memory }) => memory ?? []);
    for (let thread = 1; thread < this.#thread.threads; thread++)
      this.#post(thread, ['apply', version, changes.map(({ key, how }) => [key, how])], memories);
    const key = VERSIONS[version % 2] as string;
    this.#thread.registry.remove(key);
    this.#thread.registry.add(key, String(version));
  }

  #apply(version: number, changes: readonly Change[]): void {
    // A thread that came later than a change learns of it with everything else.
    if (version !== this.#version + 1) return;
    this.#version = version;
    for (const { key, memory } of changes) {
      const entry = this.#entries.get(key);
      if (memory === undefined) this.#entries.delete(key);
      else if (entry === undefined) this.#entries.set(key, new Entry(new Sheet(memory), version));
      else entry.move(new Sheet(memory), version);
    }
    for (const { key } of changes) this.#tell(key);
  }

  #learn(
    version: number,
    entries: readonly [key: string, version: number][],
    memories: readonly SharedArrayBuffer[],
  ): void {
    if (version <= this.#version) return;
    this.#version = version;
    const keys = new Set(entries.map(([key]) => key));
    for (const key of [...this.#entries.keys()]) if (!keys.has(key)) this.#entries.delete(key);
    const changed: string[] = [];
    entries.forEach(([key, itsVersion], i) => {
      const entry = this.#entries.get(key);
      if (entry?.version === itsVersion) return;
      const sheet = new Sheet(memories[i] as SharedArrayBuffer);
      if (entry === undefined) this.#entries.set(key, new Entry(sheet, itsVersion));
      else entry.move(sheet, itsVersion);
      changed.push(key);
    });
    for (const key of changed) this.#tell(key);
  }

  #tell(key: string): void {
    for (const changed of [...(this.#listeners.get(key) ?? [])]) changed();
  }
}

/** The key of a name, for each kind of shared data its own. @throws ERR_ARGUMENT. */
export function storeKey(kind: string, name: string): string {
  if (typeof name !== 'string') throw new SkynetError('ERR_ARGUMENT', 'the name of shared data is text');
  return `${kind}:${name}`;
}

/** There is nothing of that name. */
export function missing(name: string): SkynetError {
  return new SkynetError<ShareDataErrorCode>('ERR_SHAREDATA_MISSING', `there are no shared data "${name}"`);
}

function withMemory(
  changes: readonly [key: string, how: Change['how']][],
  memories: readonly SharedArrayBuffer[],
): Change[] {
  let next = 0;
  return changes.map(([key, how]) => {
    const memory = how === 'delete' ? undefined : memories[next++];
    return memory === undefined ? { key, how } : { key, how, memory };
  });
}

import { kernelOf } from '../actor/context.ts';
import type { Skynet } from '../contracts/skynet.ts';
import { type Change, type Entry, missing, SheetStore, storeKey } from './sheet-store.ts';
import { writeSheet } from './sheet-writer.ts';
import { checkWhole, readSource } from './source.ts';
import type { Shared } from './view.ts';

export type { ShareDataErrorCode } from './errors.ts';
export type { Shared } from './view.ts';

/**
 * Data that all services of a node read and few change: tables of items, levels, words (book chapter 19, the original's
 * `skynet.sharedata`). There is one copy of them in memory, for all threads; a service reads the parts it asks for.
 *
 * Values are those that messages can hold, nested at most 512 deep; keys of a Map are text, whole numbers or bigint.
 */
export interface ShareData {
  /**
   * Shares data under a new name (`sharedata.new`).
   * @param value - an object, an array or a Map; text (JSON, JSON5, or JavaScript that is run for itself, where `args` are
   *   the arguments: an expression, or statements that return the data or assign them to global names); `@file` names
   *   such a text or a module, whose default export or exports are the data. Text is run as code: only text of your own.
   * @throws ERR_SHAREDATA_EXISTS, ERR_SHAREDATA_VALUE, ERR_SHAREDATA_LOAD, ERR_SHAREDATA_SIZE, ERR_UNSERIALIZABLE.
   */
  readonly new: (name: string, value?: unknown, ...args: unknown[]) => Promise<void>;
  /**
   * Replaces the data of a name, which need not exist (`sharedata.update`). Live views of this thread show the new data
   * when it returns, those of other threads at latest when they are next asked for.
   * @throws as {@link new}, but for ERR_SHAREDATA_EXISTS; the old data stay then.
   */
  update(name: string, value?: unknown, ...args: unknown[]): Promise<void>;
  /**
   * Replaces the data of several names in one step: nobody sees some new and some old.
   * @throws as {@link update}; none is replaced then.
   */
  updateAll(tables: Readonly<Record<string, unknown>>): Promise<void>;
  /**
   * Takes a name away (`sharedata.delete`). Views go on showing the last data.
   * @throws ERR_SHAREDATA_MISSING.
   */
  delete(name: string): Promise<void>;
  /**
   * A live view of the data: after an update it shows the new ones, as do the views of its parts; it is the same view each
   * time (`sharedata.query`); of the parts of containers above 64 those that were asked for last, some thousands. Rows of a
   * large array are read faster by loops and `at(index)` than by `[index]`. Between two awaits it does not change. A part that an update took away throws
   * ERR_SHAREDATA_GONE when it is read; all writing throws ERR_SHAREDATA_READONLY.
   * @typeParam Data - what stands there.
   * @throws ERR_SHAREDATA_MISSING.
   */
  query<Data extends object = Record<string, unknown>>(name: string): Promise<Shared<Data>>;
  /**
   * A view of the data as they are now: updates do not reach it. For readers that decide themselves when to move on.
   * @throws ERR_SHAREDATA_MISSING.
   */
  snapshot<Data extends object = Record<string, unknown>>(name: string): Promise<Shared<Data>>;
  /**
   * Number of the data's version: grows with each update.
   * @throws ERR_SHAREDATA_MISSING.
   */
  version(name: string): Promise<number>;
  /**
   * The data, or the part that the keys lead to, as ordinary values of the caller's own; undefined if there is no such part
   * (`sharedata.deepcopy`).
   * @throws ERR_SHAREDATA_MISSING.
   */
  deepcopy(name: string, ...path: unknown[]): Promise<unknown>;
  /** All live views of this thread show the newest data when it returns (`sharedata.flush`). */
  flush(): Promise<void>;
  /** Calls `changed` after each update of a name, in the service's turn. Returns a function that ends that. */
  onUpdate(name: string, changed: (name: string) => unknown): () => void;
}

/** Shared data for a service. */
export function createShareData(skynet: Skynet): ShareData {
  const kernel = kernelOf(skynet);
  const store = SheetStore.of(kernel.thread);
  const known = async (name: string): Promise<Entry> => {
    const key = keyOf(name);
    const entry = store.isCurrent ? store.get(key) : await skynet.await(store.find(key));
    if (entry === undefined) throw missing(name);
    return entry;
  };
  const change = async (
    how: Change['how'],
    name: string,
    value: unknown,
    args: readonly unknown[],
  ): Promise<void> => {
    const key = keyOf(name);
    const memory = await memoryOf(skynet, value, args, name);
    await skynet.await(store.change([{ key, how, memory }]));
  };
  return {
    new: (name, value, ...args) => change('create', name, value, args),
    update: (name, value, ...args) => change('update', name, value, args),
    async updateAll(tables) {
      const changes: Change[] = [];
      for (const [name, value] of Object.entries(tables)) {
        const memory = await memoryOf(skynet, value, [], name);
        changes.push({ key: keyOf(name), how: 'update', memory });
      }
      await skynet.await(store.change(changes));
    },
    delete: (name) => skynet.await(store.change([{ key: keyOf(name), how: 'delete' }])),
    query: async <Data extends object>(name: string) => (await known(name)).live as Shared<Data>,
    snapshot: async <Data extends object>(name: string) => (await known(name)).fixed as Shared<Data>,
    version: async (name) => (await known(name)).version,
    deepcopy: async (name, ...path) => (await known(name)).copy(path),
    flush: () => skynet.await(store.catchUp()),
    onUpdate(name, changed) {
      const stop = store.onChange(keyOf(name), () => kernel.enqueue(changed, name));
      const forget = kernel.own(stop);
      return () => {
        forget();
        stop();
      };
    },
  };
}

/** As in the original. */
const KEYS = 'text or a whole number';

/** Values as memory that all threads can read. What is no text is read before this returns. */
export function memoryOf(
  skynet: Skynet,
  value: unknown,
  args: readonly unknown[],
  name: string,
): SharedArrayBuffer | Promise<SharedArrayBuffer> {
  if (typeof value !== 'string') return writeSheet(checkWhole(value ?? {}), KEYS);
  return skynet.await(readSource(value, args, name)).then((read) => writeSheet(read, KEYS));
}

function keyOf(name: string): string {
  return storeKey('sharedata', name);
}

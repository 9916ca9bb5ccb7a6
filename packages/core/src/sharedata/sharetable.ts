import { kernelOf } from '../actor/context.ts';
import type { Skynet } from '../contracts/skynet.ts';
import { SheetStore, storeKey } from './sheet-store.ts';
import { writeSheet } from './sheet-writer.ts';
import { checkWhole, loadFile, runText } from './source.ts';
import { type Shared, type Source, viewOf } from './view.ts';

export type { ShareDataErrorCode } from './errors.ts';
export type { Shared } from './view.ts';

/**
 * Tables that all services of a node read, in one copy (the original's `skynet.sharetable`). A table that was got stays
 * what it is, whatever is loaded after it; a live one moves when its service says so.
 */
export interface ShareTable {
  /**
   * Loads a value under a name, in place of the one that is there (`loadtable`).
   * @throws ERR_SHAREDATA_VALUE, ERR_SHAREDATA_SIZE, ERR_UNSERIALIZABLE; the old one stays then.
   */
  loadTable(name: string, value: object): Promise<void>;
  /**
   * Loads what a text gives that is run for itself as JavaScript, with the arguments `args` (`loadstring`).
   * @throws ERR_SHAREDATA_LOAD, and as {@link loadTable}.
   */
  loadString(name: string, text: string, ...args: unknown[]): Promise<void>;
  /**
   * Loads a file, a module or text, under its own name (`loadfile`).
   * @throws as {@link loadString}.
   */
  loadFile(file: string, ...args: unknown[]): Promise<void>;
  /** The table of a name as it is now, for ever; the same each time until another is loaded. Undefined if there is none. */
  query<Table extends object = Record<string, unknown>>(name: string): Promise<Shared<Table> | undefined>;
  /** The tables of these names, or of all; those that exist. */
  queryAll(names?: readonly string[]): Promise<Record<string, Shared<object>>>;
  /**
   * A table that moves to the newest one when this service calls {@link update}, and not before. The same each time;
   * undefined if there is none.
   */
  live<Table extends object = Record<string, unknown>>(name: string): Promise<Shared<Table> | undefined>;
  /**
   * Moves the live tables of these names in this service, or all of them, in one step (`update`). A part that is not
   * there any more throws ERR_SHAREDATA_GONE when it is read.
   */
  update(...names: string[]): Promise<void>;
}

/** A live table of a service: moves when it is told. */
class Live implements Source {
  sheet: Source['sheet'];
  readonly view: object;

  constructor(sheet: Source['sheet']) {
    this.sheet = sheet;
    this.view = viewOf(this);
  }
}

/** Shared tables for a service. */
export function createShareTable(skynet: Skynet): ShareTable {
  const store = SheetStore.of(kernelOf(skynet).thread);
  const lives = new Map<string, Live>();
  const current = async (): Promise<void> => {
    if (!store.isCurrent) await skynet.await(store.catchUp());
  };
  const load = (name: string, value: unknown): Promise<void> =>
    skynet.await(store.change([{ key: keyOf(name), how: 'update', memory: writeSheet(checkWhole(value)) }]));
  return {
    async loadTable(name, value) {
      await load(name, value);
    },
    async loadString(name, text, ...args) {
      await load(name, runText(text, args, name));
    },
    async loadFile(file, ...args) {
      await load(file, await skynet.await(loadFile(file, args)));
    },
    async query<Table extends object>(name: string) {
      await current();
      return store.get(keyOf(name))?.fixed as Shared<Table> | undefined;
    },
    async queryAll(names) {
      await current();
      const tables: Record<string, Shared<object>> = {};
      for (const name of names ?? store.names(KIND)) {
        const table = store.get(keyOf(name))?.fixed;
        if (table !== undefined) tables[name] = table as Shared<object>;
      }
      return tables;
    },
    async live<Table extends object>(name: string) {
      let live = lives.get(name);
      if (live === undefined) {
        await current();
        const entry = store.get(keyOf(name));
        if (entry === undefined) return undefined;
        live = lives.get(name) ?? new Live(entry.sheet);
        lives.set(name, live);
      }
      return live.view as Shared<Table>;
    },
    async update(...names) {
      await current();
      for (const [name, live] of lives) {
        const entry = store.get(keyOf(name));
        if (entry !== undefined && (names.length === 0 || names.includes(name))) live.sheet = entry.sheet;
      }
    },
  };
}

const KIND = 'sharetable';

function keyOf(name: string): string {
  return storeKey(KIND, name);
}

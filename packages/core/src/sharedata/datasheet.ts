import { kernelOf } from '../actor/context.ts';
import type { Skynet } from '../contracts/skynet.ts';
import { compileSheet } from './compiled-sheet.ts';
import { memoryOf } from './sharedata.ts';
import { missing, SheetStore, storeKey } from './sheet-store.ts';
import type { Shared } from './view.ts';

export type { ShareDataErrorCode } from './errors.ts';
export type { Shared } from './view.ts';

/**
 * The original's `skynet.datasheet` and `skynet.datasheet.builder`: as shared data, made and read by different hands.
 * Numbers keep all their digits here; the original makes those that are no 32-bit integers 32-bit floats.
 */
export interface Datasheet {
  /**
   * A live view, the same each time; nothing in it can be changed.
   * @throws ERR_SHAREDATA_MISSING.
   */
  query<Sheet extends object = Record<string, unknown>>(name: string): Promise<Shared<Sheet>>;
  /** Who makes the sheets (`skynet.datasheet.builder`). */
  readonly builder: {
    /** Makes a sheet. @throws ERR_SHAREDATA_EXISTS, and as `ShareData.new`. */
    readonly new: (name: string, value: unknown) => Promise<void>;
    /** Replaces a sheet that exists. @throws ERR_SHAREDATA_MISSING, and as `ShareData.update`. */
    update(name: string, value: unknown): Promise<void>;
    /**
     * The bytes that the original's builder makes of a value, for its `datasheet.dump` files.
     * @throws ERR_UNSERIALIZABLE, with `details.path`.
     */
    compile(value: object): Buffer;
  };
}

/** Data sheets for a service. */
export function createDatasheet(skynet: Skynet): Datasheet {
  const store = SheetStore.of(kernelOf(skynet).thread);
  const current = async (): Promise<void> => {
    if (!store.isCurrent) await skynet.await(store.catchUp());
  };
  return {
    async query<Sheet extends object>(name: string) {
      await current();
      const entry = store.get(keyOf(name));
      if (entry === undefined) throw missing(name);
      return entry.live as Shared<Sheet>;
    },
    builder: {
      async new(name, value) {
        const memory = await memoryOf(skynet, value, [], name);
        await skynet.await(store.change([{ key: keyOf(name), how: 'create', memory }]));
      },
      async update(name, value) {
        const memory = await memoryOf(skynet, value, [], name);
        await skynet.await(store.change([{ key: keyOf(name), how: 'replace', memory }]));
      },
      compile: compileSheet,
    },
  };
}

function keyOf(name: string): string {
  return storeKey('datasheet', name);
}

import { kernelOf } from '../actor/context.ts';
import type { Skynet } from '../contracts/skynet.ts';
import { SkynetError } from '../errors.ts';
import type { ShareDataErrorCode } from './errors.ts';
import { SheetStore, storeKey } from './sheet-store.ts';
import { writeSheet } from './sheet-writer.ts';
import type { Shared } from './view.ts';

export type { ShareDataErrorCode } from './errors.ts';
export type { Shared } from './view.ts';

/** Names a value that a writer shares. Plain data: it can be sent to other services, and used by any number of them. */
export interface StmReference {
  /** Number of the shared value in its node. */
  readonly stm: number;
}

/** Shares one value that it replaces again and again. */
export interface StmWriter<Value> {
  /**
   * Replaces the value; readers see it when they read next.
   * @throws ERR_UNSERIALIZABLE, ERR_SHAREDATA_SIZE.
   */
  update(value: Value): Promise<void>;
  /** What readers are made from (`stm.copy`). */
  copy(): StmReference;
  /** Takes the value away; readers keep the last. Happens by itself when the service ends. */
  close(): Promise<void>;
}

/** Reads a value that another service replaces. */
export interface StmReader<Value> {
  /**
   * Calls `use` with the value if it has changed since this reader's last read; the first time it has.
   * @returns `[true, what use returned]`, or `[false]`, also when the writer is gone.
   */
  read<Result>(
    use: (value: Shared<Value>) => Result,
  ): Promise<[changed: true, result: Result] | [changed: false]>;
}

/** One writer, many readers of a value that changes often (the original's `skynet.stm`). */
export interface Stm {
  /** Shares a value (`stm.new`). @throws ERR_UNSERIALIZABLE, ERR_SHAREDATA_SIZE. */
  readonly new: <Value>(value: Value) => Promise<StmWriter<Value>>;
  /** A reader of the value that a writer's `copy()` names (`stm.newcopy`). @throws ERR_ARGUMENT. */
  newCopy<Value>(reference: StmReference): StmReader<Value>;
}

/** Values with one writer for a service. */
export function createStm(skynet: Skynet): Stm {
  const kernel = kernelOf(skynet);
  const store = SheetStore.of(kernel.thread);
  return {
    async new<Value>(value: Value) {
      const id = kernel.thread.nextId();
      const key = keyOf(id);
      // In an array: the value may be one without parts.
      await skynet.await(store.change([{ key, how: 'create', memory: writeSheet([value]) }]));
      const close = (): Promise<void> => store.change([{ key, how: 'delete' }]);
      const forget = kernel.own(() => close());
      let isOpen = true;
      return {
        update: (next) => {
          if (!isOpen)
            throw new SkynetError<ShareDataErrorCode>('ERR_SHAREDATA_MISSING', 'the writer is closed');
          return skynet.await(store.change([{ key, how: 'update', memory: writeSheet([next]) }]));
        },
        copy: () => ({ stm: id }),
        close: async () => {
          if (!isOpen) return;
          isOpen = false;
          forget();
          await skynet.await(close());
        },
      } satisfies StmWriter<Value>;
    },
    newCopy<Value>(reference: StmReference) {
      const id = (reference as StmReference | null | undefined)?.stm;
      if (!Number.isInteger(id))
        throw new SkynetError('ERR_ARGUMENT', 'not what the copy() of a writer gives');
      const key = keyOf(id as number);
      let seen = 0;
      return {
        async read<Result>(use: (value: Shared<Value>) => Result) {
          if (!store.isCurrent) await skynet.await(store.catchUp());
          const entry = store.get(key);
          if (entry === undefined || entry.version === seen) return [false];
          seen = entry.version;
          return [true, use((entry.fixed as Shared<[Value]>)[0] as Shared<Value>)];
        },
      } satisfies StmReader<Value>;
    },
  };
}

function keyOf(id: number): string {
  return storeKey('stm', String(id));
}

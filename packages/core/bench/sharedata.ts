import { createShareData } from '@skynet/core/sharedata';
import { Sheet } from '../src/sharedata/sheet.ts';
import { writeSheet } from '../src/sharedata/sheet-writer.ts';
import { viewOf } from '../src/sharedata/view.ts';
import type { Measure } from './case.ts';
import type { Effort } from './effort.ts';
import { bytesOfEach } from './memory.ts';
import { inNode } from './node.ts';

/** A row of a table of a game. */
interface Item {
  readonly id: number;
  readonly name: string;
  readonly price: number;
  readonly pos: { readonly x: number; readonly y: number };
  readonly tags: readonly string[];
}

/** A table as games have them. */
function items(count: number): Item[] {
  return Array.from({ length: count }, (_, id) => ({
    id,
    name: `item number ${id}`,
    price: id * 1.5,
    pos: { x: id % 100, y: id / 100 },
    tags: ['iron', `set ${id % 50}`],
  }));
}

const ROWS = 20_000;

/** Reads three values of a row, which row by chance. */
function readingOf(table: readonly Item[], effort: Effort): Promise<number> {
  let sum = 0;
  return effort.rate(async (count) => {
    for (let i = 0; i < count; i++) {
      const row = table[effort.random(table.length)] as Item;
      sum += row.price + row.pos.x + row.name.length;
    }
    if (Number.isNaN(sum)) throw new Error('nothing was read');
  }, 1000);
}

/** Bytes of the heap that something takes, and the milliseconds until it is there. */
async function costOf(make: () => unknown): Promise<[bytes: number, milliseconds: number]> {
  let milliseconds = 0;
  const { heap } = await bytesOfEach(1, () => {
    const start = performance.now();
    const made = make();
    milliseconds = performance.now() - start;
    return made;
  });
  return [Math.max(1, heap), Math.max(0.001, milliseconds)];
}

/** Reads a table through a view; and what a further thread needs for one, when it has read every row once. */
export const readShared: Measure = async (effort) => {
  const data = items(effort.count(ROWS));
  const rate = await inNode(async (skynet) => {
    const sharedata = createShareData(skynet);
    await sharedata.new('items', data);
    return readingOf(await sharedata.query<Item[]>('items'), effort);
  });
  const memory = writeSheet(data);
  const [bytes, milliseconds] = await costOf(() => {
    const view = viewOf({ sheet: new Sheet(memory) }) as readonly Item[];
    for (let i = 0; i < view.length; i++) if (view[i]?.id !== i) throw new Error('not what was shared');
    return view;
  });
  return [rate, bytes, milliseconds];
};

/** The same with plain objects, of which each thread has its own. */
export const readCloned: Measure = async (effort) => {
  const data = items(effort.count(ROWS));
  const rate = await readingOf(data, effort);
  const [bytes, milliseconds] = await costOf(() => structuredClone(data));
  return [rate, bytes, milliseconds];
};

const TEXT_SIZE = 10_000_000;

function textOf(effort: Effort): string {
  return JSON.stringify(items(effort.count(Math.floor(TEXT_SIZE / 108))));
}

/** Megabytes a second of text that become shared data. */
export const loadShared: Measure = async (effort) => {
  const text = textOf(effort);
  return inNode(async (skynet) => {
    const sharedata = createShareData(skynet);
    const rate = await effort.rate(async (count) => {
      for (let i = 0; i < count; i++) await sharedata.update('items', text);
    }, 1);
    return [(rate * text.length) / 1e6];
  });
};

/** Megabytes a second of text that become plain objects. */
export const loadPlain: Measure = async (effort) => {
  const text = textOf(effort);
  let used: unknown;
  const rate = await effort.rate(async (count) => {
    for (let i = 0; i < count; i++) used = JSON.parse(text);
  }, 1);
  if (used === undefined) throw new Error('nothing was read');
  return [(rate * text.length) / 1e6];
};

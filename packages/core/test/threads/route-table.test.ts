import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isSkynetError } from '../../src/errors.ts';
import { RouteTable } from '../../src/threads/route-table.ts';

const free = (): boolean => true;

function codeOf(attempt: () => unknown): unknown {
  try {
    attempt();
  } catch (thrown) {
    return isSkynetError(thrown) ? thrown.code : thrown;
  }
  return undefined;
}

/** A table whose cursor stands just before `next`. */
function tableAt(next: number): RouteTable {
  const table = new RouteTable();
  new Int32Array(table.memory)[0] = next - 1;
  return table;
}

describe('the route table', () => {
  it('gives out 1, 2, 3 … and knows their threads in every view of it', () => {
    const table = new RouteTable();
    const other = new RouteTable(table.memory);
    expect([table.allocate(free, 0), other.allocate(free, 3), table.allocate(free, 126)]).toEqual([1, 2, 3]);
    for (const view of [table, other])
      expect([0, 1, 2, 3, 4].map((local) => view.threadOf(local))).toEqual([-1, 0, 3, 126, -1]);
    expect(other.threadOf(0x01000002)).toBe(3);
    table.release(2);
    expect(other.threadOf(2)).toBe(-1);
  });

  it('does not give out a number again before it has gone round', () => {
    const table = tableAt(0xfffffe);
    expect(table.allocate(free, 1)).toBe(0xfffffe);
    table.release(0xfffffe);
    expect([1, 1, 1].map((thread) => table.allocate(free, thread))).toEqual([0xffffff, 1, 2]);
  });

  it('leaves out numbers in use, here or in the asking thread', () => {
    const table = new RouteTable();
    table.allocate(free, 1);
    new Int32Array(table.memory)[0] = 0;
    expect(table.allocate((local) => local !== 2 && local !== 3, 1)).toBe(4);
  });

  it('counts on when its counter overflows', () => {
    const table = tableAt(2 ** 31);
    const got = [table.allocate(free, 1), table.allocate(free, 1)];
    expect(got).toEqual([1, 2]);
  });

  it('agrees with a model, whoever takes and gives back', () => {
    const step = fc.oneof(
      fc.record({ take: fc.nat(5) }),
      fc.record({ give: fc.nat() }),
      fc.record({ lose: fc.nat(5) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const table = new RouteTable();
        const model = new Map<number, number>();
        for (const todo of steps) {
          if ('take' in todo) {
            const local = table.allocate(free, todo.take);
            expect(model.has(local)).toBe(false);
            model.set(local, todo.take);
          } else if ('give' in todo) {
            const local = [...model.keys()][todo.give % Math.max(1, model.size)];
            if (local === undefined) continue;
            table.release(local);
            model.delete(local);
          } else {
            const lost = [...model].filter(([, thread]) => thread === todo.lose).map(([local]) => local);
            expect(table.releaseThread(todo.lose)).toEqual(lost);
            for (const local of lost) model.delete(local);
          }
          for (const [local, thread] of model) expect(table.threadOf(local)).toBe(thread);
        }
      }),
      { numRuns: 30 },
    );
  });

  it('says so when all numbers are taken, and finds the one that is given back', () => {
    const table = new RouteTable();
    new Uint8Array(table.memory, 64).fill(1);
    expect(codeOf(() => table.allocate(free, 1))).toBe('ERR_HANDLES_EXHAUSTED');
    table.release(0x123456);
    expect(table.allocate(free, 1)).toBe(0x123456);
  });

  it('refuses threads and memory that cannot be', () => {
    const table = new RouteTable();
    for (const thread of [-1, 127, 1.5, Number.NaN])
      expect(codeOf(() => table.allocate(free, thread))).toBe('ERR_ARGUMENT');
    expect(codeOf(() => new RouteTable(new SharedArrayBuffer(64)))).toBe('ERR_ARGUMENT');
  });
});

import path from 'node:path';
import { expect, test } from 'vitest';

const ROOT = path.resolve(import.meta.dirname, '../../../..');

interface TableModule {
  tableRows(lines: readonly object[]): readonly string[];
}

const { tableRows } = (await import(path.join(ROOT, 'scripts/bench/table.mjs'))) as TableModule;

test('a row for each thing that a line is held against: how many times as good, whether more or less is', () => {
  const rows = tableRows([
    { line: 'send', unit: 'pushes/s', value: 1_234_567, floor: 4123, ratio: 299.4, floorName: 'a list' },
    { line: 'send-cpu', unit: 'us/push', value: 2, floor: 4, ratio: 0.5, floorName: 'a list' },
    { line: 'send', unit: 'pushes/s', value: 1_234_567, floor: 2_469_134, ratio: 0.5, floorName: 'original' },
    // What has no such figure has no row; the median of none in two rounds is 0.
    { line: 'send-cpu', unit: 'us/push', value: 2, floor: null, ratio: null, floorName: 'original' },
    {
      line: 'send-cpu',
      unit: 'us/push',
      value: 2,
      floor: 0,
      ratio: Number.POSITIVE_INFINITY,
      floorName: 'peer',
    },
  ]);
  expect(rows).toEqual([
    '| `send` | pushes/s | 1,230,000 | a list | 4,120 | 300 |',
    '| | | | the original | 2,470,000 | 0.5 |',
    '| `send-cpu` | µs/push | 2 | a list | 4 | 2 |',
  ]);
});

import { readdirSync } from 'node:fs';
import { expect, test } from 'vitest';
import type { BenchCase } from '../../bench/case.ts';
import { Effort } from '../../bench/effort.ts';

const folder = new URL('../../bench/cases/', import.meta.url);

// Those that load a server from another process have a test of their own, and a busy machine teaches nothing here.
const names = readdirSync(folder).filter((file) => !/^transport-|-busy\.ts$/.test(file));

// No figure is judged here: this only shows that every case still runs, with a few rounds of it.
test.each(names)('%s runs, and so do its floors', async (name) => {
  const { default: bench } = (await import(new URL(name, folder).href)) as { default: BenchCase };
  const sides = [bench.run, ...Object.values(bench.floors)];
  expect(sides.length).toBeGreaterThan(1);
  for (const measure of sides) {
    const figures = await measure(new Effort(true));
    expect(figures).toHaveLength(bench.lines.length);
    for (const [i, figure] of figures.entries()) {
      expect(figure).toSatisfy(Number.isFinite);
      if (bench.lines[i]?.unit.endsWith('/s')) expect(figure).toBeGreaterThan(0);
    }
  }
});

test('every line has a name of its own', async () => {
  const cases = await Promise.all(
    names.map((name) => import(new URL(name, folder).href) as Promise<{ default: BenchCase }>),
  );
  const lines = cases.flatMap(({ default: bench }) => bench.lines.map(({ name }) => name));
  expect(new Set(lines).size).toBe(lines.length);
});

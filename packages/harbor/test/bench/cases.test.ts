import { readdirSync } from 'node:fs';
import { expect, test } from 'vitest';
import { natsMissing } from '../../../../test/nats.ts';
import type { BenchCase } from '../../../core/bench/case.ts';
import { Effort } from '../../../core/bench/effort.ts';

const folder = new URL('../../bench/cases/', import.meta.url);

// No figure is judged here: this only shows that the cases and their floors still run.
const names = readdirSync(folder).filter((name) => natsMissing === undefined || !name.startsWith('nats-'));
const why = natsMissing === undefined ? '' : ` (those with NATS left out: ${natsMissing})`;

test.each(names)(`%s can be measured${why}`, async (name) => {
  const { default: bench } = (await import(new URL(name, folder).href)) as { default: BenchCase };
  for (const measure of [bench.run, ...Object.values(bench.floors)])
    for (const figure of await measure(new Effort(true))) expect(figure).toBeGreaterThan(0);
});

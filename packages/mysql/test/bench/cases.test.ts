import { readdirSync } from 'node:fs';
import { expect, test } from 'vitest';
import { mariadbMissing } from '../../../../test/mariadb.ts';
import type { BenchCase } from '../../../core/bench/case.ts';
import { Effort } from '../../../core/bench/effort.ts';

const folder = new URL('../../bench/cases/', import.meta.url);
const why = mariadbMissing === undefined ? '' : ` (left out: ${mariadbMissing})`;

// No figure is judged here: this only shows that a case and its floor still run.
test.skipIf(mariadbMissing !== undefined)(
  `the cases can be measured${why}`,
  async () => {
    const [first] = readdirSync(folder);
    const { default: bench } = (await import(new URL(String(first), folder).href)) as { default: BenchCase };
    for (const measure of [bench.run, ...Object.values(bench.floors)])
      for (const figure of await measure(new Effort(true))) expect(figure).toBeGreaterThan(0);
  },
  120_000,
);

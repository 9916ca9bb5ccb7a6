import { readdirSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import type { Curve } from '../../bench/curve.ts';
import { Effort } from '../../bench/effort.ts';

interface ChartModule {
  drawCurves(curves: readonly object[], note: string): string;
  short(value: number): string;
}
interface CurvesModule {
  allCurves(root: string): { readonly name: string; readonly file: string }[];
}

const ROOT = path.resolve(import.meta.dirname, '../../../..');
const { drawCurves, short } = (await import(path.join(ROOT, 'scripts/bench/chart.mjs'))) as ChartModule;
const { allCurves } = (await import(path.join(ROOT, 'scripts/bench/curves.mjs'))) as CurvesModule;
const curves = allCurves(ROOT);

test('all curves are found', () => {
  const there = readdirSync(path.join(ROOT, 'packages')).flatMap((name) => {
    try {
      return readdirSync(path.join(ROOT, 'packages', name, 'bench/curves'));
    } catch {
      return [];
    }
  });
  expect(curves.map(({ name }) => `${name}.ts`).sort()).toEqual(there.sort());
  expect(curves.length).toBeGreaterThanOrEqual(7);
});

// No figure is judged here: this only shows that every point can still be had.
test.each(curves)(
  '$name can be measured',
  async ({ file }) => {
    const { default: curve } = (await import(file)) as { default: Curve };
    const first = curve.x.values[0] as number;
    for (const [name, point] of Object.entries(curve.series))
      expect(await point(Math.min(first, 64), new Effort(true)), name).toSatisfy(Number.isFinite);
  },
  120_000,
);

/** Values of an attribute in a picture. */
const all = (svg: string, pattern: RegExp): string[] =>
  [...svg.matchAll(pattern)].map(([, text]) => text ?? '');

test('a picture has a panel for each, axes with labels, a line for each series, and colours for both grounds', () => {
  const svg = drawCurves(
    [
      {
        title: 'Calls & <more>',
        x: { label: 'services', values: [1000, 10_000, 100_000] },
        y: { label: 'calls/s' },
        points: { same: [1_000_000, 900_000, 800_000], random: [1_000_000, 500_000, Number.NaN] },
      },
      {
        title: 'Sizes',
        x: { label: 'bytes', values: [1, 2], linear: true },
        y: { label: 'µs' },
        points: { one: [1, 1000] },
      },
    ],
    'somewhere, 2026',
  );
  expect(svg).toMatch(/^<svg [^>]*viewBox="0 0 920 328"/);
  for (const text of ['Calls &amp; &lt;more&gt;', 'services', 'calls/s', 'bytes', 'µs', 'somewhere, 2026'])
    expect(svg).toContain(`>${text}</text>`);
  expect(svg).toContain('@media (prefers-color-scheme: dark)');
  const lines = all(svg, /<path class="line c\d" d="([^"]+)"/g);
  expect(lines.map((line) => line.split(/[ML]/).length - 1)).toEqual([3, 2, 2]);
  // Ten times as much is as far on the way as ten times before; more stands higher.
  const places = (lines[0] ?? '')
    .split(/[ML]/)
    .slice(1)
    .map((each) => each.split(' ').map(Number));
  const [[x0 = 0, y0 = 0] = [], [x1 = 0, y1 = 0] = [], [x2 = 0, y2 = 0] = []] = places;
  expect(x1 - x0).toBeCloseTo(x2 - x1, 0);
  expect(y0).toBeLessThan(y1);
  expect(y1).toBeLessThan(y2);
  // Each tag that is opened is closed.
  for (const tag of ['g', 'text', 'svg', 'title', 'style', 'desc'])
    expect(all(svg, new RegExp(`<(${tag})[ >]`, 'g')).length).toBe(
      all(svg, new RegExp(`</(${tag})>`, 'g')).length,
    );
  expect(() =>
    drawCurves(
      [{ title: 'none', x: { label: '', values: [1] }, y: { label: '' }, points: { a: [Number.NaN] } }],
      '',
    ),
  ).toThrow('nothing to draw of none');
});

test('figures are shown short', () => {
  expect([0.25, 1000, 12_345, 1_234_567].map(short)).toEqual(['0.25', '1000', '12.3k', '1.23M']);
});

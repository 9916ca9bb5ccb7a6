// npm run bench -- --curve: measures curves and draws them into docs/curves.svg.
import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { drawCurves, short } from './chart.mjs';

/** Name and file of each curve, in the order in which they are drawn. */
export function allCurves(root) {
  const order = [
    'services',
    'connections',
    'message-sizes',
    'frame-sizes',
    'users',
    'answers-kept',
    'threads',
  ];
  const place = ({ name }) => (order.includes(name) ? order.indexOf(name) : order.length);
  return readdirSync(path.join(root, 'packages'))
    .map((name) => path.join(root, 'packages', name, 'bench/curves'))
    .filter((folder) => existsSync(folder))
    .flatMap((folder) =>
      readdirSync(folder).map((file) => ({
        name: path.basename(file, '.ts'),
        file: path.join(folder, file),
      })),
    )
    .sort((a, b) => place(a) - place(b));
}

/**
 * Measures the points of a curve: in each round all of one place, in the other order every second time; the medians count.
 * @param point `(file, series, x)`: one figure, from a process of its own.
 */
export async function measureCurve({ file }, { curve, point, rounds, median, told }) {
  const { series, ...rest } = await curve(file);
  const figures = Object.fromEntries(series.map((name) => [name, rest.x.values.map(() => [])]));
  for (let round = 0; round < rounds; round++)
    for (const [i, x] of rest.x.values.entries())
      for (const name of round % 2 === 0 ? series : [...series].reverse())
        figures[name][i].push(await point(file, name, x));
  const points = Object.fromEntries(series.map((name) => [name, figures[name].map(median)]));
  for (const name of series)
    told(
      `${rest.title}, ${name}: ${rest.x.values.map((x, i) => `${short(x)}: ${short(points[name][i])}`).join(', ')} ${rest.y.label}`,
    );
  return { ...rest, points };
}

/** Writes the picture; returns where it is. */
export function writeCurves(file, curves, note) {
  writeFileSync(file, drawCurves(curves, note));
  return file;
}

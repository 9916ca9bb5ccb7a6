// node --expose-gc --import tsx run-curve.ts <curve file> <series x | curve>: one point, as JSON.
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Curve } from './curve.ts';
import { Effort } from './effort.ts';

const [file = '', what = 'curve', x = '0'] = process.argv.slice(2);
const { default: curve } = (await import(pathToFileURL(path.resolve(file)).href)) as { default: Curve };
if (what === 'curve') console.log(JSON.stringify({ ...curve, series: Object.keys(curve.series) }));
else {
  const measure = curve.series[what];
  if (measure === undefined) throw new Error(`no series ${what} in ${file}`);
  console.log(JSON.stringify(await measure(Number(x), new Effort(false))));
}
process.exit(0);

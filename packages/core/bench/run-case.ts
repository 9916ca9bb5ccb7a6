// node --expose-gc --import tsx run-case.ts <case file> <ours | original | name of a floor or a peer | lines> : one measurement, as
// JSON.
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import type { BenchCase } from './case.ts';
import { Effort } from './effort.ts';

const [file = '', side = 'ours'] = process.argv.slice(2);
const { default: bench } = (await import(pathToFileURL(path.resolve(file)).href)) as { default: BenchCase };
if (side === 'lines')
  console.log(
    JSON.stringify({
      lines: bench.lines,
      floors: Object.keys(bench.floors),
      peers: Object.keys(bench.peers ?? {}),
      busy: bench.busy ?? 0,
      hasOriginal: bench.original !== undefined,
    }),
  );
else {
  const measure =
    { ours: bench.run, original: bench.original }[side] ?? bench.floors[side] ?? bench.peers?.[side];
  if (measure === undefined) throw new Error(`no floor or peer ${side} in ${file}`);
  console.log(JSON.stringify(await measure(new Effort(false))));
}
process.exit(0);

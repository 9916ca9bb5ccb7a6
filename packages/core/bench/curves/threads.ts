import { cpus } from 'node:os';
import type { Curve } from '../curve.ts';
import { scale } from '../scale.ts';

const curve: Curve = {
  title: `Work of eight services, ${cpus().length} processors`,
  x: { label: 'threads', values: [1, 2, 3, 4], linear: true },
  y: { label: 'pieces/s' },
  series: {
    'spread over the threads': async (x, effort) => (await scale(x)(effort))[0] as number,
  },
};
export default curve;

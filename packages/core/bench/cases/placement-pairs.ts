import type { BenchCase } from '../case.ts';
import { original } from '../original.ts';
import { pairCalls } from '../pairs.ts';

const PAIRS = 64;

const placementPairs: BenchCase = {
  lines: [{ name: 'placement-pairs', unit: 'calls/s' }],
  floors: {
    'by hand': pairCalls({ pairs: PAIRS, apart: false }),
    apart: pairCalls({ pairs: PAIRS, apart: true }),
  },
  run: pairCalls({ pairs: PAIRS, apart: true, placement: 'auto' }),
  original: original(`pairs ${PAIRS}`),
};
export default placementPairs;

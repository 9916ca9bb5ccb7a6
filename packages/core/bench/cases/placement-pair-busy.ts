import type { BenchCase } from '../case.ts';
import { original } from '../original.ts';
import { pairCalls } from '../pairs.ts';

/** One pair, on a machine whose two processors have other work too: apart, each call sleeps and wakes the other. */
const placementPairBusy: BenchCase = {
  lines: [{ name: 'placement-pair-busy', unit: 'calls/s' }],
  floors: {
    'by hand': pairCalls({ pairs: 1, apart: false }),
    apart: pairCalls({ pairs: 1, apart: true }),
  },
  run: pairCalls({ pairs: 1, apart: true, placement: 'auto' }),
  busy: 2,
  original: original('pairs 1'),
};
export default placementPairBusy;

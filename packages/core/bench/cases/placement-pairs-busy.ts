import type { BenchCase } from '../case.ts';
import quiet from './placement-pairs.ts';

/** The same on a machine whose two processors have other work too. */
const placementPairsBusy: BenchCase = {
  ...quiet,
  lines: [{ name: 'placement-pairs-busy', unit: 'calls/s' }],
  busy: 2,
};
export default placementPairsBusy;

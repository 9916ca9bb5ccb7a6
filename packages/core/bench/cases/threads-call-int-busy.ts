import type { BenchCase } from '../case.ts';
import { original } from '../original.ts';
import quiet from './threads-call-int.ts';

/** The same on a machine whose two processors have other work too. */
const threadsCallIntBusy: BenchCase = {
  ...quiet,
  lines: [{ name: 'threads-call-int-busy', unit: 'calls/s' }],
  busy: 2,
  original: original('calls int 1'),
};
export default threadsCallIntBusy;

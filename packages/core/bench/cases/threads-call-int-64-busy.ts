import type { BenchCase } from '../case.ts';
import { original } from '../original.ts';
import quiet from './threads-call-int-64.ts';

/** The same on a machine whose two processors have other work too. */
const threadsCallInt64Busy: BenchCase = {
  ...quiet,
  lines: [{ name: 'threads-call-int-64-busy', unit: 'calls/s' }],
  busy: 2,
  original: original('calls int 64'),
};
export default threadsCallInt64Busy;

import type { BenchCase } from '../case.ts';
import { original } from '../original.ts';
import quiet from './threads-call-object-64.ts';

/** The same on a machine whose two processors have other work too. */
const threadsCallObject64Busy: BenchCase = {
  ...quiet,
  lines: [{ name: 'threads-call-object-64-busy', unit: 'calls/s' }],
  busy: 2,
  original: original('calls object 64'),
};
export default threadsCallObject64Busy;

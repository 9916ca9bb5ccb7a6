import type { BenchCase } from '../../../core/bench/case.ts';
import { originalCluster } from '../../../core/bench/original.ts';
import { linkCalls, linkFloor } from '../link-calls.ts';

const bench: BenchCase = {
  lines: [{ name: 'link-call-int-64', unit: 'calls/s' }],
  floors: { 'one TCP link': linkFloor(42, 64) },
  run: linkCalls(42, 64),
  original: originalCluster('cluster int 64'),
};
export default bench;

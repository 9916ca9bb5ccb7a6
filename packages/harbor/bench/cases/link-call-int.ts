import type { BenchCase } from '../../../core/bench/case.ts';
import { originalCluster } from '../../../core/bench/original.ts';
import { linkCalls, linkFloor } from '../link-calls.ts';

const bench: BenchCase = {
  lines: [{ name: 'link-call-int', unit: 'calls/s' }],
  floors: { 'one TCP link': linkFloor(42, 1) },
  run: linkCalls(42, 1),
  original: originalCluster('cluster int 1'),
};
export default bench;

import { type BenchCase, PLAYER } from '../../../core/bench/case.ts';
import { originalCluster } from '../../../core/bench/original.ts';
import { linkCalls, linkFloor } from '../link-calls.ts';

const bench: BenchCase = {
  lines: [{ name: 'link-call-object-64', unit: 'calls/s' }],
  floors: { 'one TCP link': linkFloor(PLAYER, 64) },
  run: linkCalls(PLAYER, 64),
  original: originalCluster('cluster object 64'),
};
export default bench;

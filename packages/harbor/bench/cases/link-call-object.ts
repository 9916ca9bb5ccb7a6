import { type BenchCase, PLAYER } from '../../../core/bench/case.ts';
import { originalCluster } from '../../../core/bench/original.ts';
import { linkCalls, linkFloor } from '../link-calls.ts';

const bench: BenchCase = {
  lines: [{ name: 'link-call-object', unit: 'calls/s' }],
  floors: { 'one TCP link': linkFloor(PLAYER, 1) },
  run: linkCalls(PLAYER, 1),
  original: originalCluster('cluster object 1'),
};
export default bench;

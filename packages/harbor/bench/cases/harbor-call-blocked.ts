import type { BenchCase } from '../../../core/bench/case.ts';
import { blockedHarbor } from '../blocked-peer.ts';

const bench: BenchCase = {
  lines: [{ name: 'harbor-call-blocked', unit: 'calls/s' }],
  floors: { 'no blocked node': blockedHarbor(false) },
  run: blockedHarbor(true),
};
export default bench;

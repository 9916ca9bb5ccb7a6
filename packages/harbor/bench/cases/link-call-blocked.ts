import type { BenchCase } from '../../../core/bench/case.ts';
import { blockedLink } from '../blocked-peer.ts';

const bench: BenchCase = {
  lines: [{ name: 'link-call-blocked', unit: 'calls/s' }],
  floors: { 'no blocked node': blockedLink(false) },
  run: blockedLink(true),
};
export default bench;

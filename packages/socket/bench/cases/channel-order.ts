import type { BenchCase } from '../../../core/bench/case.ts';
import { orderedRequests, plainRequests } from '../channels.ts';

const channelOrder: BenchCase = {
  lines: [{ name: 'channel-order', unit: 'requests/s' }],
  floors: { 'node:net': plainRequests(false) },
  run: orderedRequests,
};
export default channelOrder;

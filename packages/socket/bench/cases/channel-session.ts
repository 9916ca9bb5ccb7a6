import type { BenchCase } from '../../../core/bench/case.ts';
import { plainRequests, sessionRequests } from '../channels.ts';

const channelSession: BenchCase = {
  lines: [{ name: 'channel-session', unit: 'requests/s' }],
  floors: { 'node:net': plainRequests(true) },
  run: sessionRequests,
};
export default channelSession;

import type { Curve, Point } from '../../../core/bench/curve.ts';
import { requests } from '../msg-servers.ts';

/** Requests a second of 50 users with 16 on their way, while so many answers are kept of each. */
const rate: Point = async (x, effort) => (await requests(50, 16, x)(effort))[0] as number;

const curve: Curve = {
  title: 'Message server, 50 users × 16 requests',
  x: { label: 'answers kept of each user', values: [128, 1024, 8192, 65_536] },
  y: { label: 'requests/s' },
  series: { 'gate, message server, agents': rate },
};
export default curve;

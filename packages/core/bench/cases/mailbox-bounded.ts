import type { BenchCase } from '../case.ts';
import { flood } from '../flood.ts';

const mailboxBounded: BenchCase = {
  lines: [{ name: 'mailbox-bounded', unit: 'sends/s' }],
  floors: { unbounded: flood() },
  run: flood(1, 'same', { limit: 1_000_000 }),
};
export default mailboxBounded;

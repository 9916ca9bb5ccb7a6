import { callRate, calls } from '../calls.ts';
import type { BenchCase } from '../case.ts';
import { inNode } from '../node.ts';

/** What learning costs calls in one thread. */
const placementCallInt: BenchCase = {
  lines: [{ name: 'placement-call-int', unit: 'calls/s' }],
  floors: { 'without learning': calls(42, { threads: 2 }) },
  run: (effort) =>
    inNode(
      async (skynet) => {
        const echo = await skynet.newService({ name: 'echo', thread: 'same' });
        return [await callRate(effort, () => skynet.call(echo, 'lua', 'echo', 42), 1, 2000)];
      },
      2,
      'auto',
    ),
};
export default placementCallInt;

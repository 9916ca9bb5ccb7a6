import type { BenchCase, Measure } from '../../../core/bench/case.ts';
import { latency } from '../../../core/bench/echo.ts';
import { floodSends, gateEcho, gateEchoBesideFlood } from '../gate-servers.ts';

/** What the flood comes to when nobody talks to the gate. */
const floodAlone: Measure = async (effort) => {
  const { stop } = await gateEchoBesideFlood();
  const after = (milliseconds: number): Promise<void> =>
    new Promise((resolve) => setTimeout(resolve, milliseconds));
  await after(effort.tiny ? 10 : 3000);
  const before = floodSends();
  const start = performance.now();
  await after(effort.tiny ? 100 : 3000);
  const rate = ((floodSends() - before) * 1000) / (performance.now() - start);
  stop();
  return [Number.NaN, Number.NaN, Number.NaN, rate];
};

const gateEchoBesideFloodCase: BenchCase = {
  lines: [
    { name: 'gate-echo-beside-flood-p50', unit: 'us' },
    { name: 'gate-echo-beside-flood-p99', unit: 'us' },
    { name: 'gate-echo-beside-flood-p999', unit: 'us' },
    { name: 'gate-echo-beside-flood-sends', unit: 'sends/s' },
  ],
  floors: { 'with nothing beside it': latency(4, gateEcho), 'the flood alone': floodAlone },
  run: latency(4, gateEchoBesideFlood, floodSends),
};
export default gateEchoBesideFloodCase;

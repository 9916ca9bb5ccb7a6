import type { BenchCase } from '../../../core/bench/case.ts';
import { latency } from '../../../core/bench/echo.ts';
import { gateEcho, gateEchoBesideFlood } from '../gate-servers.ts';

const gateEchoBesideFloodCase: BenchCase = {
  lines: [
    { name: 'gate-echo-beside-flood-p50', unit: 'us' },
    { name: 'gate-echo-beside-flood-p99', unit: 'us' },
    { name: 'gate-echo-beside-flood-p999', unit: 'us' },
  ],
  floors: { 'with nothing beside it': latency(4, gateEcho) },
  run: latency(4, gateEchoBesideFlood),
};
export default gateEchoBesideFloodCase;

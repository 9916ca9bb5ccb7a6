import type { BenchCase } from '../case.ts';
import { idleEmitters, idleServices } from '../spawn.ts';

const idleServiceBytes: BenchCase = {
  lines: [
    { name: 'idle-service-bytes-1m', unit: 'bytes' },
    { name: 'idle-service-bytes-1m-heap', unit: 'bytes' },
  ],
  floors: { 'event emitters': idleEmitters(1_000_000) },
  run: idleServices(1_000_000),
};
export default idleServiceBytes;

import type { BenchCase } from '../case.ts';
import { original } from '../original.ts';
import { idleEmitters, idleServices } from '../spawn.ts';

const idleServiceBytes: BenchCase = {
  lines: [
    { name: 'idle-service-bytes-1m', unit: 'bytes' },
    { name: 'idle-service-bytes-1m-heap', unit: 'bytes' },
  ],
  floors: { 'event emitters': idleEmitters(1_000_000) },
  run: idleServices(1_000_000),
  original: original('idle'),
};
export default idleServiceBytes;

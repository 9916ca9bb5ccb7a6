import type { BenchCase } from '../case.ts';
import { original } from '../original.ts';
import { moleculerIdle } from '../peers/moleculer.ts';
import { nactIdle } from '../peers/nact.ts';
import { idleEmitters, idleServices } from '../spawn.ts';

const idleServiceBytes: BenchCase = {
  lines: [
    { name: 'idle-service-bytes-100k', unit: 'bytes' },
    { name: 'idle-service-bytes-100k-heap', unit: 'bytes' },
  ],
  floors: { 'event emitters': idleEmitters(100_000) },
  run: idleServices(100_000),
  original: original('idle'),
  peers: { moleculer: moleculerIdle(10_000), nact: nactIdle(100_000) },
};
export default idleServiceBytes;

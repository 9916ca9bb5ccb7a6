import type { BenchCase } from '../case.ts';
import { original } from '../original.ts';
import { moleculerSpawn } from '../peers/moleculer.ts';
import { nactSpawn } from '../peers/nact.ts';
import { spawn, spawnEmitters } from '../spawn.ts';

const spawnCase: BenchCase = {
  lines: [{ name: 'spawn', unit: 'services/s' }],
  floors: { 'event emitters': spawnEmitters },
  run: spawn(),
  original: original('spawn'),
  peers: { moleculer: moleculerSpawn, nact: nactSpawn },
};
export default spawnCase;

// npm test: everything that must hold, in the order in which failures are cheapest to see.
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { bootstrap } from './bootstrap.mjs';

const root = path.resolve(import.meta.dirname, '..');
process.chdir(root);
bootstrap();

const steps = [
  ['lint', ['biome', 'check', '--error-on-warnings']],
  ['types', ['tsc', '-p', 'tsconfig.check.json']],
  ['build', ['turbo', 'run', 'build:all', '--output-logs=errors-only']],
  ['tests', ['vitest', 'run', ...process.argv.slice(2)]],
];
for (const [title, command] of steps) {
  console.log(`\n=== ${title} ===`);
  const result = spawnSync(process.execPath, [path.join(root, 'scripts/run.mjs'), ...command], { stdio: 'inherit' });
  if (result.status !== 0) {
    console.error(`\nskynet: ${title} failed`);
    process.exit(result.status ?? 1);
  }
}

// npm test: everything that must hold, in the order in which failures are cheapest to see.
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { bootstrap, environment, root } from './bootstrap.mjs';

process.chdir(root);
console.log(`=== packages (Node.js ${process.versions.node}) ===`);
bootstrap();

const steps = [
  ['lint', ['biome', 'check', '--error-on-warnings']],
  ['types', ['tsc', '-p', 'tsconfig.check.json']],
  ['types of the page', ['tsc', '-p', 'apps/demo/web']],
  ['build', ['turbo', 'run', 'build:all', '--output-logs=errors-only']],
  ['tests', ['vitest', 'run', ...process.argv.slice(2)]],
];
// Applications that `npm run new` has made test themselves.
for (const app of readdirSync('apps')) {
  const { scripts } = JSON.parse(readFileSync(`apps/${app}/package.json`, 'utf8'));
  if (scripts?.test !== undefined)
    steps.push([`tests of apps/${app}`, ['pnpm', '--dir', `apps/${app}`, 'test']]);
}
for (const [title, [command, ...args]] of steps) {
  console.log(`\n=== ${title} ===`);
  const result = spawnSync(command, args, { stdio: 'inherit', env: environment() });
  if (result.status !== 0) {
    console.error(`\nskynet: ${title} failed${result.error ? `: ${result.error.message}` : ''}`);
    process.exit(result.status || 1);
  }
}

// npm start: installs, builds and runs the demo node.
import { spawn, spawnSync } from 'node:child_process';
import path from 'node:path';
import { bootstrap } from './bootstrap.mjs';

const root = path.resolve(import.meta.dirname, '..');
bootstrap();
const build = spawnSync(
  process.execPath,
  [path.join(root, 'scripts/run.mjs'), 'turbo', 'run', 'build:all', '--output-logs=errors-only'],
  { cwd: root, stdio: ['ignore', 2, 2] },
);
if (build.status !== 0) {
  console.error('skynet: the build failed');
  process.exit(build.status ?? 1);
}
const node = spawn(process.execPath, [path.join(root, 'packages/core/dist/bin/skynet.js'), ...(process.argv.length > 2 ? process.argv.slice(2) : ['skynet.config.ts'])], {
  cwd: path.join(root, 'apps/demo'),
  stdio: 'inherit',
});
// A terminal sends Ctrl-C to the whole group; others signal only us.
process.on('SIGINT', () => {});
for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => node.kill(signal));
node.on('exit', (code, signal) => process.exit(code ?? (signal === 'SIGINT' ? 130 : 143)));

// node scripts/build.mjs: builds what changed. Silent unless it fails.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { bootstrap, environment, root } from './bootstrap.mjs';

/** Builds all packages, or takes the build of the same sources from the cache. Ends the process if that fails. */
export function build() {
  const { status, stdout, stderr, error } = spawnSync(
    'turbo',
    ['run', 'build:all', '--output-logs=errors-only'],
    { cwd: root, stdio: ['ignore', 'pipe', 'pipe'], env: environment(), encoding: 'utf8' },
  );
  if (status === 0) {
    // What comes from the cache lies beside what was there before.
    spawnSync(process.execPath, ['scripts/tidy-dist.mjs'], { cwd: root, stdio: 'inherit' });
    return;
  }
  process.stderr.write(`${stdout ?? ''}${stderr ?? ''}\nskynet: the build failed ${error?.message ?? ''}\n`);
  process.exit(1);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  bootstrap();
  build();
}

// npm run fuzz [-- TIMES [FILES…]]: tries the properties of the fuzz tests so many times as often as npm test does, default 50.
import { spawnSync } from 'node:child_process';
import { bootstrap, environment, root } from './bootstrap.mjs';

bootstrap();
const [times = '50', ...files] = process.argv.slice(2);
const chosen = files.length > 0 ? files : ['fuzz', 'regular-expressions'];
const { status } = spawnSync('vitest', ['run', '--testTimeout', '3600000', ...chosen], {
  cwd: root,
  env: { ...environment(), SKYNET_FUZZ: times },
  stdio: 'inherit',
});
process.exit(status ?? 1);

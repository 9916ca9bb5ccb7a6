// npm run fuzz [-- TIMES [FILES…]]: tries all properties with new values, those of the fuzz tests so many times as often as
// npm test does, default 50.
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { bootstrap, environment, root } from './bootstrap.mjs';

bootstrap();
const [times = '50', ...files] = process.argv.slice(2);
const chosen = files.length > 0 ? files : testsWithSeeds();
const { status } = spawnSync('vitest', ['run', '--testTimeout', '3600000', ...chosen], {
  cwd: root,
  env: { ...environment(), SKYNET_FUZZ: times },
  stdio: 'inherit',
});
process.exit(status ?? 1);

/** Test files whose values are drawn by chance. */
function testsWithSeeds() {
  const packages = ['packages', 'apps'].flatMap((folder) =>
    readdirSync(path.join(root, folder)).map((name) => path.join(folder, name, 'test')),
  );
  return ['test', ...packages].flatMap((folder) => {
    try {
      return readdirSync(path.join(root, folder), { recursive: true })
        .map((file) => path.join(folder, file))
        .filter((file) => file.endsWith('.test.ts') && isDrawn(readFileSync(path.join(root, file), 'utf8')));
    } catch (error) {
      if (error.code === 'ENOENT') return [];
      throw error;
    }
  });
}

function isDrawn(text) {
  return text.includes("from 'fast-check'") || /\b(runs|seedOfRun)\(/.test(text);
}

// npm run new -- NAME [TEMPLATE]: makes an application in apps/NAME, with the packages of this workspace.
import { spawnSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import path from 'node:path';
import { bootstrap, renewLock, root } from './bootstrap.mjs';
import { build } from './build.mjs';

bootstrap();
build();
const words = process.argv.slice(2);
const [name = 'my-game', ...rest] = words.filter((word) => !word.startsWith('-'));
const options = words.filter((word) => word.startsWith('-'));
if (/[\\/]/.test(name) || name === '.' || name === '..') {
  console.error(
    `skynet: ${JSON.stringify(name)} is no name for an application: it goes into apps/, without a path`,
  );
  process.exit(1);
}
const folder = path.join(root, 'apps', name);
const command = path.join(root, 'packages/create-skynet/dist/bin/create-skynet.js');
const made = spawnSync(process.execPath, [command, folder, ...rest, ...options, '--no-install'], {
  cwd: root,
  stdio: ['ignore', 'pipe', 'inherit'],
  encoding: 'utf8',
});
const isAsking = options.some((option) => /^(--help|-h|--version|-v)$/.test(option));
if (made.status !== 0 || isAsking) {
  process.stdout.write(made.stdout ?? '');
  process.exit(made.status ?? 1);
}
// The workspace is the repository and has the files that belong to one.
for (const file of ['.github', '.editorconfig']) rmSync(path.join(folder, file), { recursive: true });
renewLock();
console.log(`skynet: apps/${name} is made. It has the packages of this workspace as they were built last.

  cd apps/${name}
  npm run dev

npm test in the top folder runs its tests, too.`);

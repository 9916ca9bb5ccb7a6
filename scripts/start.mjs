// npm start: installs, builds and runs the demo node. Another configuration: npm start -- book/skynet.config.ts
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { bootstrap, environment, root } from './bootstrap.mjs';

bootstrap();
const build = ['run', 'build:all', '--output-logs=errors-only'];
// What turbo tells goes to stderr and only when it fails: the first words on the screen are the node's.
const result = spawnSync('turbo', build, {
  cwd: root,
  stdio: ['ignore', 'pipe', 'pipe'],
  env: environment(),
  encoding: 'utf8',
});
if (result.status !== 0) {
  process.stderr.write(`${result.stdout ?? ''}${result.stderr ?? ''}\nskynet: the build failed\n`);
  process.exit(1);
}
// In this process, so that the terminal and its signals belong to the node.
const command = path.join(root, 'packages/core/dist/bin/skynet.js');
const args = process.argv.slice(2);
process.chdir(path.join(root, 'apps/demo'));
process.argv = [process.execPath, command, ...(args.length > 0 ? args : ['skynet.config.ts'])];
await import(pathToFileURL(command).href);

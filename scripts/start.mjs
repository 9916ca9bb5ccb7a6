// npm start: installs, builds and runs the demo node. Another configuration: npm start -- book/skynet.config.ts
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { bootstrap, root } from './bootstrap.mjs';
import { build } from './build.mjs';
import { followParent } from './parent.mjs';

const unfollow = followParent();
bootstrap();
build();
unfollow(); // the command does so itself
// In this process, so that the terminal and its signals belong to the node.
const command = path.join(root, 'packages/core/dist/bin/skynet.js');
const args = process.argv.slice(2);
process.chdir(path.join(root, 'apps/demo'));
process.argv = [process.execPath, command, ...(args.length > 0 ? args : ['skynet.config.ts'])];
await import(pathToFileURL(command).href);

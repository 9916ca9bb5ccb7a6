// node scripts/program.mjs FILE ARGS…: installs and builds if needed, then runs a TypeScript program of the workspace.
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { bootstrap, root } from './bootstrap.mjs';
import { build } from './build.mjs';
import { followParent } from './parent.mjs';

followParent();
bootstrap();
build();
const [file = '', ...args] = process.argv.slice(2);
const program = path.resolve(root, file);
const { register } = await import('tsx/esm/api');
register();
// In this process, so that the terminal and its signals belong to the program.
process.argv = [process.execPath, program, ...args];
await import(pathToFileURL(program).href);

// node scripts/run.mjs BINARY ARGS…: installs if needed, then runs a binary of the workspace.
import { spawn } from 'node:child_process';
import path from 'node:path';
import { bootstrap } from './bootstrap.mjs';

const root = path.resolve(import.meta.dirname, '..');
bootstrap();
const [binary, ...args] = process.argv.slice(2);
const folders = [path.join(root, 'node_modules/.bin'), path.join(root, 'tools/pnpm/node_modules/.bin'), process.env.PATH];
const child = spawn(binary, args, {
  stdio: 'inherit',
  env: { ...process.env, PATH: folders.join(path.delimiter), TURBO_TELEMETRY_DISABLED: '1', DO_NOT_TRACK: '1' },
});
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
child.on('error', (error) => {
  console.error(`skynet: cannot run ${binary}: ${error.message}`);
  process.exit(127);
});
child.on('exit', (code, signal) => process.exit(code ?? (signal === 'SIGINT' ? 130 : 143)));

// node scripts/run.mjs BINARY ARGS…: installs if needed, then runs a binary of the workspace.
import { spawn } from 'node:child_process';
import { bootstrap, environment } from './bootstrap.mjs';
import { followParent } from './parent.mjs';

followParent();
bootstrap();
const [binary, ...args] = process.argv.slice(2);
const child = spawn(binary, args, { stdio: 'inherit', env: environment() });
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
child.on('error', (error) => {
  console.error(`skynet: cannot run ${binary}: ${error.message}`);
  process.exit(127);
});
child.on('exit', (code, signal) => process.exit(code ?? (signal === 'SIGINT' ? 130 : 143)));

// Three nodes of one cluster on this machine: players of the nodes `one` and `two` chat over a room on the third.
//
//   npm run demo:cluster            then, in two terminals: nc 127.0.0.1 8201, nc 127.0.0.1 8202
//
// A node that ends is started again after a second: kill one and see. SKYNET_CLUSTER_PORTS names the five ports: of the
// players of `one` and `two`, and of the nodes themselves.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { createInterface } from 'node:readline';

const NODES = ['one', 'two', 'room'] as const;
/** Milliseconds until a node that has ended is started again. */
const AGAIN = 1000;
const PROGRAM = path.join(import.meta.dirname, 'node.ts');

const ports = (process.env.SKYNET_CLUSTER_PORTS || '8201,8202,8211,8212,8213').split(',');
if (ports.length !== 5 || !ports.every((port) => /^\d{1,5}$/.test(port))) {
  process.stderr.write('demo:cluster: SKYNET_CLUSTER_PORTS is five ports with commas between them\n');
  process.exit(2);
}
const [playersOne = '', playersTwo = '', ...nodePorts] = ports;
const players: Readonly<Record<string, string>> = { one: playersOne, two: playersTwo };
const table = JSON.stringify(Object.fromEntries(NODES.map((name, i) => [name, `127.0.0.1:${nodePorts[i]}`])));

const running = new Map<string, ChildProcess>();
let isStopping = false;

/** Runs a node, and again when it has ended; its lines are shown behind its name. */
async function keep(name: string): Promise<void> {
  while (!isStopping) {
    const child = spawn(process.execPath, ['--import', 'tsx', PROGRAM, name, table, players[name] ?? ''], {
      cwd: import.meta.dirname,
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    running.set(name, child);
    createInterface(child.stdout).on('line', (line) => console.log(`${name.padEnd(4)} | ${line}`));
    console.log(`${name.padEnd(4)} | process ${child.pid}`);
    await once(child, 'exit');
    if (isStopping) return;
    console.log(`${name.padEnd(4)} | has ended, and is started again`);
    await new Promise((resolve) => setTimeout(resolve, AGAIN));
  }
}

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    isStopping = true;
    for (const child of running.values()) child.kill('SIGTERM');
  });
}
console.log(
  `players: nc 127.0.0.1 ${playersOne} and nc 127.0.0.1 ${playersTwo}; kill a process and go on talking`,
);
await Promise.all(NODES.map(keep));
process.exit(0);

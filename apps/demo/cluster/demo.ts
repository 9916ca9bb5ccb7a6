// Three nodes of one cluster on this machine: players of the nodes `one` and `two` chat over a room on the third.
//
//   npm run demo:cluster            then http://127.0.0.1:8200, or in two terminals: nc 127.0.0.1 8201, nc 127.0.0.1 8202
//
// A node that ends is started again after a second: kill one and see. SKYNET_CLUSTER_PORTS names the six ports: of the
// players of `one` and `two`, of the nodes themselves, and of the page.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { isSkynetError, type Node, startNode } from '@skynet/core';
import { createPage } from './page.ts';

const NODES = ['one', 'two', 'room'] as const;
/** Milliseconds until a node that has ended is started again. */
const AGAIN = 1000;
const PROGRAM = path.join(import.meta.dirname, 'node.ts');

const ports = (process.env.SKYNET_CLUSTER_PORTS || '8201,8202,8211,8212,8213,8200').split(',');
if (ports.length !== 6 || !ports.every((port) => /^\d{1,5}$/.test(port))) {
  process.stderr.write('demo:cluster: SKYNET_CLUSTER_PORTS is six ports with commas between them\n');
  process.exit(2);
}
const [playersOne = '', playersTwo = '', nodeOne = '', nodeTwo = '', nodeRoom = '', pagePort = ''] = ports;
const players = {
  one: { port: playersOne, name: 'ann' },
  two: { port: playersTwo, name: 'bob' },
};
const addresses = {
  one: `127.0.0.1:${nodeOne}`,
  two: `127.0.0.1:${nodeTwo}`,
  room: `127.0.0.1:${nodeRoom}`,
};
const table = JSON.stringify(addresses);

const running = new Map<string, ChildProcess>();
let isStopping = false;

/** Runs a node, and again when it has ended; its lines are shown behind its name. */
async function keep(name: (typeof NODES)[number]): Promise<void> {
  while (!isStopping) {
    const port = name === 'room' ? '' : players[name].port;
    const child = spawn(process.execPath, ['--import', 'tsx', PROGRAM, name, table, port], {
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

/** A node in this process, which sees the others and shows them. */
async function showPage(): Promise<Node> {
  const node = await startNode({ harbor: 0, watchdog: false }, { onLog: () => {} });
  const kill = (name: string): boolean => running.get(name)?.kill('SIGKILL') ?? false;
  const page = await node.newService(createPage({ port: Number(pagePort), table: addresses, players, kill }));
  const port = await node.run((skynet) => skynet.call<number>(page, 'lua', 'port'));
  console.log(`page: http://127.0.0.1:${port}`);
  return node;
}

let page: Node | undefined;
try {
  page = await showPage();
} catch (error) {
  process.stderr.write(`demo:cluster: ${isSkynetError(error) ? error.message : String(error)}\n`);
  process.exit(1);
}
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => {
    isStopping = true;
    for (const child of running.values()) child.kill('SIGTERM');
  });
}
console.log(
  `players: nc 127.0.0.1 ${playersOne} and nc 127.0.0.1 ${playersTwo}; kill a process and go on talking`,
);
await Promise.all(NODES.map(keep));
await page.stop();
process.exit(0);

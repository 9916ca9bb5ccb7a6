import { connect } from 'node:net';
import { expect, test } from 'vitest';
import { Project, type Run } from './command.ts';

// SKYNET_KILLS=100 kills as often; that takes a minute.
const KILLS = Number(process.env.SKYNET_KILLS ?? 4);

/** Listens on a socket file, answers with its process id, logs without end. */
const SERVES = `
  const { kernelOf } = await skynet.await(import(process.env.KERNEL));
  await kernelOf(skynet).listen('unix://' + process.cwd() + '/door', {}, (connection) => {
    connection.start({ data() {}, end() {}, drained() {}, error() {}, closed() {} });
    connection.write(Buffer.from(String(process.pid)));
    connection.close();
  });
  skynet.interval(1, () => skynet.error('x'.repeat(100)));
  skynet.error('ready');`;

const CONFIG = { watchdog: false, daemon: 'node.pid', logger: 'node.log' };

function startServing(project: Project): Run {
  const KERNEL = new URL('../../dist/kernel.js', import.meta.url).href;
  return project.start({ env: { ...process.env, KERNEL } });
}

const pidIn = (project: Project): number => Number(project.read('node.pid'));

/** What is told at the socket file. */
function told(project: Project): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = '';
    connect(project.path('door'))
      .on('data', (chunk) => {
        text += String(chunk);
      })
      .on('error', reject)
      .on('close', () => resolve(text));
  });
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

test(`killed ${KILLS} times and started again each time: nothing that was left behind is in the way`, async () => {
  const project = new Project(CONFIG, { main: SERVES });
  for (let kill = 0; kill < KILLS; kill++) {
    const run = startServing(project);
    expect(await run.ended(), run.out).toBe(0);
    const pid = pidIn(project);
    expect(run.out).toBe(`skynet: runs as process ${pid}\n`);
    expect(await told(project)).toBe(String(pid));
    // A second one takes neither the pid file nor the socket of the first.
    if (kill === 0) {
      const second = startServing(project);
      expect(await second.ended()).toBe(1);
      expect(second.out).toBe(
        `skynet: daemon: process ${pid} of ${project.path('node.pid')} is running (ERR_CONFIG)\n`,
      );
      expect(await told(project)).toBe(String(pid));
    }
    // What is on its way to the file goes with the process.
    const ready = (): number => project.read('node.log').match(/ready$/gm)?.length ?? 0;
    await run.until('the line of this start in the log', () => ready() > kill);
    process.kill(pid, 'SIGKILL');
    await run.until('the end of the node', () => !isAlive(pid));
    expect(ready()).toBe(kill + 1);
  }
}, 600_000);

test('of several that start at once where a killed one was, one has the pid file, and its socket', async () => {
  const project = new Project(CONFIG, { main: SERVES });
  for (let round = 0; round < 2; round++) {
    const runs = Array.from({ length: 4 }, () => startServing(project));
    const endings = await Promise.all(runs.map((run) => run.ended()));
    const pid = pidIn(project);
    try {
      expect(endings.sort(), runs.map(({ out }) => out).join('')).toEqual([0, 1, 1, 1]);
      expect(await told(project)).toBe(String(pid));
    } finally {
      process.kill(pid, 'SIGKILL');
    }
    await runs[0]?.until('the end of the node', () => !isAlive(pid));
  }
});

import { spawnSync } from 'node:child_process';
import { renameSync, symlinkSync } from 'node:fs';
import { expect, test } from 'vitest';
import { testProgram } from '../../../../test/programs.ts';
import { Project } from './command.ts';

const prlimit = testProgram('prlimit');

/** Logs a numbered line every now and then, and at once as many as it is told to through a file. */
const TALKS = `
  let next = 0;
  skynet.interval(1, () => skynet.error('line ' + next++));
  skynet.error('ready');
`;

const numbersIn = (text: string): number[] => [...text.matchAll(/ line (\d+)$/gm)].map(([, n]) => Number(n));

/** That every line is there once and in order. */
function expectAll(numbers: readonly number[]): void {
  expect(numbers.length).toBeGreaterThan(10);
  expect(numbers).toEqual(numbers.map((_, i) => i));
}

test('a log file on a full disk is written again when there is room; the log says so, and nothing is lost', async () => {
  const project = new Project({ logger: 'node.log', watchdog: false }, { main: TALKS });
  symlinkSync('/dev/full', project.path('node.log'));
  const run = project.start();
  await run.saw(/log: ENOSPC: no space left on device, write; it is tried again/);
  symlinkSync('real.log', project.path('new'));
  renameSync(project.path('new'), project.path('node.log'));
  await run.until('lines in the new file', () => / line 20$/m.test(project.read('real.log')));
  run.child.kill('SIGTERM');
  expect(await run.ended()).toBe(0);
  const log = project.read('real.log');
  expect(log).toMatch(/\[:00000000\] log: 0 lines were lost here: ENOSPC: no space left on device, write$/m);
  expect(log).toMatch(/LAUNCH logger/);
  expectAll(numbersIn(log));
  // Told once.
  expect(run.out.match(/ENOSPC/g)).toHaveLength(1);
});

test.skipIf(prlimit.missing !== undefined)(
  `one that may not grow is written again when it may, also where it is standard output of the command${prlimit.missing ?? ''}`,
  async () => {
    for (const logger of ['node.log', undefined]) {
      const project = new Project({ logger, watchdog: false }, { main: TALKS });
      project.write('limited.sh', 'ulimit -S -f 4; exec "$@" >> node.log');
      const run = project.start({ through: ['sh', 'limited.sh'] });
      const size = (): number => project.read('node.log').length;
      await run.saw(/log: EFBIG: file too large, write; it is tried again/);
      const full = size();
      expect(spawnSync(String(prlimit.file), ['--pid', String(run.pid), '--fsize=unlimited']).status).toBe(0);
      await run.until('a longer log', () => size() > full + 1000);
      run.child.kill('SIGTERM');
      expect(await run.ended()).toBe(0);
      const log = project.read('node.log');
      expect(log).toMatch(/\[:00000000\] log: 0 lines were lost here: EFBIG: file too large, write$/m);
      expectAll(numbersIn(log));
    }
  },
  120_000,
);

test('nobody reads standard output: memory has a limit, the node goes on, and SIGTERM ends it', async () => {
  const project = new Project(
    { watchdog: false },
    {
      main: `
        const text = 'x'.repeat(1000);
        let lines = 0;
        skynet.interval(1, () => {
          for (let i = 0; i < 2000; i++) skynet.error(text);
          lines += 2000;
          if (lines % 20000 === 0) process.send({ lines, rss: process.memoryUsage().rss });
        });
        skynet.onExit(() => process.send('hook ran'));`,
    },
  );
  const run = project.start({ stdio: ['ignore', 'pipe', 'pipe', 'ipc'] });
  run.child.stdout?.pause();
  const told: unknown[] = [];
  run.child.on('message', (text) => told.push(text));
  await run.until('100000 lines of a kilobyte', () => told.length >= 5);
  const { rss } = told.at(-1) as { rss: number };
  expect(rss).toBeLessThan(300 << 20);
  run.child.kill('SIGTERM');
  expect(await run.ended()).toBe(0);
  expect(told.at(-1)).toBe('hook ran');
});

test('lines that a service has logged before it ends the process stand in the log', async () => {
  for (const logger of ['node.log', undefined]) {
    const project = new Project(
      { logger, watchdog: false },
      { main: `for (let i = 0; i < 2000; i++) skynet.error('line ' + i); process.exit(3);` },
    );
    const run = project.start();
    expect(await run.ended()).toBe(3);
    await run.until('the end of the output', () => run.child.stdout?.readableEnded === true);
    expectAll(numbersIn(logger === undefined ? run.out : project.read('node.log')));
  }
});

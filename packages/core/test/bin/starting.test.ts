import { existsSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { Project } from './command.ts';

/** Says what runs and what ends; what follows in `main` never ends. */
const FOR_EVER = `skynet.onExit(() => skynet.error('hook has run'));
  skynet.error('is starting');
  await new Promise(() => {});`;

describe('a node whose start waits for ever', () => {
  test.each(['SIGTERM', 'SIGINT'] as const)(
    '%s stops it as after the start: exit hooks run',
    async (signal) => {
      const run = new Project({ watchdog: false }, { main: FOR_EVER }).start();
      await run.saw(/is starting/);
      run.child.kill(signal);
      expect(await run.ended()).toBe(0);
      expect(run.out).toMatch(/hook has run/);
      expect(run.out).not.toMatch(/skynet: /);
    },
    120_000,
  );

  test('a hook that never ends keeps it no longer than its deadline', async () => {
    const hangs = `skynet.onExit(() => new Promise(() => {}));\n${FOR_EVER}`;
    const run = new Project({ watchdog: false, shutdownTimeout: 10 }, { main: hangs }).start();
    await run.saw(/is starting/);
    run.child.kill('SIGTERM');
    expect(await run.ended()).toBe(0);
    expect(run.out).toMatch(/did not finish its exit hooks within 100 ms/);
  });

  test('with several threads it stops as well', async () => {
    const run = new Project({ watchdog: false, thread: 2 }, { main: FOR_EVER }).start();
    await run.saw(/is starting/);
    run.child.kill('SIGTERM');
    expect(await run.ended()).toBe(0);
    expect(run.out).toMatch(/hook has run/);
  });

  test('in the background its pid file goes, and the command says why it has not started', async () => {
    const project = new Project(
      { watchdog: false, daemon: 'node.pid', logger: 'node.log' },
      { main: FOR_EVER },
    );
    const run = project.start();
    await run.until('the line in the log', () => /is starting/.test(project.read('node.log')));
    process.kill(Number(project.read('node.pid')), 'SIGTERM');
    expect(await run.ended()).toBe(1);
    expect(run.out).toBe('skynet: stopped while it was starting\n');
    await run.until('the end of the pid file', () => !existsSync(project.path('node.pid')));
    expect(project.read('node.log')).toMatch(/hook has run/);
  });

  test('what a timer of the host throws is a line of the log', async () => {
    const throws = `setTimeout(() => { throw new Error('of the host'); }, 1);\n${FOR_EVER}`;
    const run = new Project({ watchdog: false }, { main: throws }).start();
    await run.saw(/\[:00000000\] uncaught: Error: of the host/);
    run.child.kill('SIGTERM');
    expect(await run.ended()).toBe(0);
    expect(run.out).toMatch(/hook has run/);
  });
});

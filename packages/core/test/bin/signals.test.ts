import { expect, test } from 'vitest';
import { Project } from './command.ts';

/** Says that it is there, and that its exit hook runs. */
const HOOKED = `
  skynet.onExit(() => skynet.error('hook of ' + skynet.name + ' ran'));
  skynet.error(skynet.name + ' ready');`;

/** Starts a service with a hook in thread 1, then holds thread 0. */
const holds = (how: string): string => `
  await skynet.newService({ name: 'other', thread: 1 });
  skynet.onExit(() => skynet.error('never'));
  skynet.error('holds');
  const held = () => process.getBuiltinModule('fs').writeFileSync('held', 'yes');
  ${how}`;

const CONFIG = { thread: 2, logger: 'node.log', endlessAfter: '1s' };

test.each([
  ['held(); for (;;);', 'SIGTERM', 143],
  ['skynet.timeout(1, async () => { held(); for (;;) await null; });', 'SIGINT', 130],
  [
    'skynet.timeout(1, () => { const again = () => process.nextTick(again); held(); again(); });',
    'SIGTERM',
    143,
  ],
  [`setTimeout(() => { held(); /^(a+)+$/.test('a'.repeat(60) + 'b'); }, 1);`, 'SIGTERM', 143],
] as const)(
  'thread 0 in %j: one %s ends the process, hooks of other threads run, the log is complete',
  async (how, signal, code) => {
    const project = new Project(CONFIG, { main: holds(how), other: HOOKED });
    const run = project.start();
    await run.until('thread 0 being held', () => project.read('held') === 'yes');
    run.child.kill(signal);
    expect(await run.ended()).toBe(code);
    const log = project.read('node.log');
    expect(log).toMatch(
      /^\S+ \S+ \[:00000000\] thread 0 does not hear that the node is to stop: it stops without it$/m,
    );
    expect(log).toMatch(/^\S+ \S+ \[:[\da-f]{8}\] hook of other ran$/m);
    expect(log).toContain('holds');
    expect(log).not.toContain('never');
    expect(run.out).toBe('');
  },
  120_000,
);

test('a second signal does not wait for hooks of other threads', async () => {
  const project = new Project(
    { ...CONFIG, shutdownTimeout: '60s' },
    { main: holds('for (;;);'), other: `${HOOKED} skynet.onExit(() => new Promise(() => {}));` },
  );
  const run = project.start();
  await run.until('the report', () => /endless loop/.test(project.read('node.log')));
  run.child.kill('SIGTERM');
  await run.until('the guard', () => /stops without it/.test(project.read('node.log')));
  run.child.kill('SIGINT');
  expect(await run.ended()).toBe(130);
});

test('hooks of other threads that do not end are not waited for beyond shutdownTimeout', async () => {
  const project = new Project(
    { ...CONFIG, shutdownTimeout: '2s' },
    { main: holds('for (;;);'), other: `${HOOKED} skynet.onExit(() => new Promise(() => {}));` },
  );
  const run = project.start();
  await run.until('the report', () => /endless loop/.test(project.read('node.log')));
  run.child.kill('SIGTERM');
  expect(await run.ended()).toBe(143);
});

test('thread 0 inside a library, which cannot be interrupted: the process is killed', async () => {
  const project = new Project(
    { ...CONFIG, thread: 1 },
    {
      main: `
        const { pbkdf2Sync } = await skynet.await(import('node:crypto'));
        skynet.timeout(1, () => pbkdf2Sync('a', 'b', 2 ** 31 - 1, 64, 'sha512'));`,
    },
  );
  const run = project.start();
  await run.until('the report', () => /endless loop/.test(project.read('node.log')));
  run.child.kill('SIGTERM');
  expect(await run.ended()).toBe('SIGKILL');
});

test('an exit hook in thread 0 that never gives it back does not keep the node', async () => {
  const project = new Project(
    { ...CONFIG, shutdownTimeout: '3s' },
    {
      main: `await skynet.newService({ name: 'other', thread: 1 }); skynet.onExit(() => { for (;;); }); skynet.error('ready');`,
      other: HOOKED,
    },
  );
  for (const how of ['SIGTERM', 'abort'] as const) {
    if (how === 'abort')
      project.service('main', 'skynet.onExit(() => { for (;;); }); skynet.timeout(1, () => skynet.abort());');
    const run = project.start();
    if (how === 'SIGTERM') {
      await run.until('the start', () => /ready$/m.test(project.read('node.log')));
      run.child.kill('SIGTERM');
    }
    expect(await run.ended()).toBe(how === 'SIGTERM' ? 143 : 1);
  }
  expect(project.read('node.log')).toContain('hook of other ran');
});

test('a service that holds another thread does not keep the node', async () => {
  const project = new Project(
    { ...CONFIG, shutdownTimeout: '60s' },
    {
      main: `${HOOKED}
        skynet.send(await skynet.newService({ name: 'other', thread: 1 }), 'lua', 'hold');`,
      other: `return { hold() { for (;;); } };`,
    },
  );
  const run = project.start();
  await run.until('the report', () => /endless loop/.test(project.read('node.log')));
  run.child.kill('SIGTERM');
  expect(await run.ended()).toBe(0);
  const log = project.read('node.log');
  expect(log).toContain('hook of main ran');
  expect(log).toMatch(/\[:00000000\] thread 1 does not stop: :[\da-f]{8} holds it$/m);
});

test('a module that waits for ever, or a thread that never starts, does not keep the node', async () => {
  for (const [config, text] of [
    [{ start: 'waits' }, 'started'],
    [{ thread: 2, preload: './waits.mjs' }, 'started in a thread'],
  ] as const) {
    const project = new Project({ watchdog: false, ...config });
    project.write(
      'waits.mjs',
      `import { isMainThread } from 'node:worker_threads';
      if (!isMainThread) { process.stderr.write('started in a thread\\n'); setInterval(() => {}, 1000); await new Promise(() => {}); }
      export default () => {};`,
    );
    project.write(
      'services/waits.mjs',
      `process.stdout.write('started\\n'); await new Promise(() => {}); export default 1;`,
    );
    const run = project.start();
    await run.saw(new RegExp(text));
    run.child.kill('SIGTERM');
    expect(await run.ended()).toBe(0);
    expect(run.out).not.toContain('skynet:');
  }
});

test('endEndlessAfter in thread 0 ends the node, hooks of other threads first', async () => {
  const project = new Project(
    { ...CONFIG, endlessAfter: '1s', endEndlessAfter: '3s' },
    { main: holds('for (;;);'), other: HOOKED },
  );
  const run = project.start();
  expect(await run.ended()).toBe(1);
  expect(project.read('node.log')).toContain('hook of other ran');
});

test.each(['SIGTERM', 'SIGKILL'] as const)(
  'in a script of npm, whose shell stays between: the shell ends by %s, and the node in order after it',
  async (signal) => {
    const project = new Project({ watchdog: false }, { main: HOOKED });
    const run = project.start({
      through: (command) => ['sh', '-c', '"$@"; exit $?', 'sh', ...command],
      env: { ...process.env, npm_lifecycle_event: 'start' },
    });
    await run.saw(/main ready/);
    run.child.kill(signal);
    expect(await run.ended()).toBe(signal);
    await run.saw(/hook of main ran/);
  },
  120_000,
);

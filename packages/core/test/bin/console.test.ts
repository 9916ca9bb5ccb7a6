import { stripVTControlCharacters } from 'node:util';
import { expect, test } from 'vitest';
import { testProgram } from '../../../../test/programs.ts';
import { Project, type Run } from './command.ts';

/** Has a program run on a terminal of its own. Part of Debian's base system. */
const script = testProgram('script');

/** A node whose first service reads a terminal. */
function onTerminal(): { run: Run; type(text: string): void } {
  const project = new Project(
    { watchdog: true, endlessAfter: '1s', start: 'console' },
    {
      hello: "skynet.error('hello ' + args[0]);",
      help_me: "skynet.error('at your service');",
      talks: "skynet.timeout(1, () => skynet.error('by the way'));",
      loops: 'for (;;);',
    },
  );
  const run = project.start({
    stdio: ['pipe', 'pipe', 'pipe'],
    env: { ...process.env, TERM: 'xterm' },
    through: (command) => [script.file as string, '-qefc', command.map(quoted).join(' '), '/dev/null'],
  });
  return { run, type: (text) => void run.child.stdin?.write(text) };
}

function quoted(word: string): string {
  return `'${word.replaceAll("'", "'\\''")}'`;
}

/** What a terminal would show of an output, without moving its cursor. */
function shown(output: string): string {
  return stripVTControlCharacters(output);
}

test('typed at a pipe: help and list answer, what is no service or command has one line', async () => {
  const project = new Project(
    { watchdog: false, start: 'console' },
    { hello: "skynet.error('hello ' + args[0]);", list: "skynet.error('a service of this name');" },
  );
  const run = project.start({ stdio: ['pipe', 'pipe', 'pipe'] });
  run.child.stdin?.write('help\nhelo\nqwertz\n../x\nstat 1 2\nlist\nkill nobody\nhello all\n');
  await run.saw(/\] hello all/);
  expect(run.out).toContain('console debug_console hello list [args...]\tstarts that service\n');
  expect(run.out).toContain('mem\t[ti] : ');
  expect(run.out).toContain('] no service or command helo; did you mean "hello"?\n');
  expect(run.out).toContain('] no service or command qwertz; type help for a list\n');
  expect(run.out).toContain('] no service or command ../x; type help for a list\n');
  expect(run.out).toMatch(/^:00000004\tcpu:0\t/m);
  // A service comes before a command of the same name.
  expect(run.out).toContain('a service of this name');
  expect(run.out).toContain('\nInvalid address nobody\n');
  expect(run.out).not.toMatch(/cannot open/);
  run.child.kill('SIGTERM');
  expect(await run.ended()).toBe(0);
});

test.skipIf(script.missing !== undefined)(
  'typed at a terminal: words are completed, earlier lines come back, the log stands above what is typed',
  async () => {
    const { run, type } = onTerminal();
    await run.saw(/LAUNCH snlua console/);
    type('hell\t');
    await run.until('the completed word', () => /hello /.test(shown(run.out)));
    type('again\r');
    await run.saw(/\] hello again/);
    type('\u001b[A\r');
    await run.until('a second greeting', () => run.out.match(/\] hello again/g)?.length === 2);
    type('list\r');
    await run.saw(/:00000005\tsnlua console\r?\n/);
    // Begun before the line comes, ended after it.
    type('talks\r');
    await run.saw(/LAUNCH snlua talks/);
    type('hello wo');
    await run.saw(/by the way/);
    await run.until('what was typed, put back', () => /by the way\r?\nhello wo$/.test(shown(run.out)));
    type('rld\r');
    await run.saw(/\] hello world/);
    run.child.kill('SIGTERM');
    await run.ended();
  },
  120_000,
);

test.skipIf(script.missing !== undefined)(
  'Ctrl-C at a terminal ends the node, also while a service holds its only thread',
  async () => {
    const { run, type } = onTerminal();
    await run.saw(/LAUNCH snlua console/);
    type('loops\r');
    await run.saw(/endless loop/);
    type('\u0003');
    expect(await run.ended()).toBe(130);
  },
  120_000,
);

test('a first service typed again leaves no second console: every line runs once', async () => {
  const project = new Project(
    { watchdog: false },
    {
      main: "await skynet.newService('console');\nskynet.error('main has started');",
      hello: "skynet.error('hello ' + args[0]);",
    },
  );
  const run = project.start({ stdio: ['pipe', 'pipe', 'pipe'] });
  await run.saw(/main has started/);
  run.child.stdin?.write('main\nhello first\nhello last\n');
  await run.saw(/hello last/);
  run.child.kill('SIGTERM');
  expect(await run.ended()).toBe(0);
  expect(run.out.match(/\] hello first/g)).toHaveLength(1);
  expect(run.out.match(/\] hello last/g)).toHaveLength(1);
  expect(run.out.match(/main has started/g)).toHaveLength(1);
  expect(run.out).toMatch(/a console reads standard input already/);
});

import { expect, test } from 'vitest';
import { Project } from './command.ts';

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
}, 60_000);

import { expect, test } from 'vitest';
import { Project } from './command.ts';

// The command is the built package: `npm test` builds before it tests.

test('a start asks nowhere which line it is at: reading source maps takes longer than all the rest', async () => {
  const project = new Project({ start: 'main', thread: 2 }, { main: 'skynet.abort();' });
  project.write(
    'looked.mjs',
    `Error.prepareStackTrace = (error) => {
      process.stderr.write(\`asked for a stack: \${error.message}\\n\`);
      return String(error);
    };`,
  );
  const run = project.start({
    through: ([node = '', ...rest]) => [node, '--import', './looked.mjs', ...rest],
  });
  expect(await run.ended()).toBe(0);
  expect(run.out).toMatch(/LAUNCH snlua main/);
  expect(run.out).not.toMatch(/asked for a stack/);
});

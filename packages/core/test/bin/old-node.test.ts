import { expect, test } from 'vitest';
import { Project } from './command.ts';

test('a Node.js that is too old says so, and nothing else', async () => {
  const project = new Project({ start: 'main' }, { main: '' });
  project.write(
    'old.cjs',
    `Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '18.20.4' } });`,
  );
  const run = project.start({
    through: ([node = '', ...rest]) => [node, '--require', project.path('old.cjs'), ...rest],
  });
  expect(await run.ended()).toBe(1);
  expect(run.out).toBe('skynet: Node.js 20.19 or newer is needed, this is 18.20.4\n');
});

import { execFileSync } from 'node:child_process';
import { readdirSync, statSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
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

/** What of Node itself takes longest to load. */
const HEAVY = ['tls', 'child_process', 'inspector', 'readline', 'v8'];

/** What a Node that does nothing has loaded of it. */
const ofNode = execFileSync(
  process.execPath,
  ['--input-type=module', '-e', 'process.stdout.write(process.moduleLoadList.join("\\n"))'],
  { encoding: 'utf8' },
).split('\n');

test('no thread loads what few nodes need of Node, or reads the maps of the framework, before it needs them', async () => {
  const dist = fileURLToPath(new URL('../../dist', import.meta.url));
  const files = readdirSync(dist).filter((file) => file.endsWith('.js'));
  const sizes = new Map(files.map((file) => [file, statSync(path.join(dist, file)).size]));
  const [core = ''] = files.sort((a, b) => (sizes.get(b) ?? 0) - (sizes.get(a) ?? 0));
  const project = new Project(
    { start: 'main', thread: 2 },
    {
      main: `for (const thread of [0, 1]) await skynet.newService({ name: 'tells', thread });
        skynet.abort();`,
      tells: `const { findSourceMap } = process.getBuiltinModule('node:module');
        const loaded = ${JSON.stringify(HEAVY.map((name) => `NativeModule ${name}`).filter((name) => !ofNode.includes(name)))}
          .filter((name) => process.moduleLoadList.includes(name));
        skynet.error(\`loaded [\${loaded}], map \${findSourceMap(${JSON.stringify(path.join(dist, core))}) !== undefined}.\`);`,
    },
  );
  const run = project.start();
  expect(await run.ended()).toBe(0);
  expect(run.out.match(/loaded \[.*\], map \w+\./g)).toEqual(Array(2).fill('loaded [], map false.'));
});

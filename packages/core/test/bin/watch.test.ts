import { expect, test } from 'vitest';
import { Project } from './command.ts';

const COUNTER = (step: string): string => `
  const { name } = await import('../name.mjs');
  let n = 0;
  skynet.handover({ take: () => n, give: (state) => { n = state; } });
  skynet.interval(2, () => skynet.error('counts', ++n, '${step}', name));`;

test.each([1, 2])(
  'a changed file reloads who uses it, with %i threads: others, and what they hold, stay',
  async (thread) => {
    const project = new Project(
      { thread, start: 'main', watch: true },
      {
        main: `
        await skynet.newService({ name: 'counter', thread: ${thread - 1} });
        await skynet.newService('other');`,
        counter: COUNTER('old'),
        other: `skynet.error('other began'); skynet.own(() => skynet.error('other ended'));`,
      },
    );
    project.write('name.mjs', `export const name = 'A';`);
    const run = project.start();
    await run.saw(/counts 3 old A/);
    await run.saw(/watches .*services\n/);
    project.service('counter', COUNTER('new'));
    await run.saw(/counts \d+ new A/);
    const [, last] = [...run.out.matchAll(/counts (\d+) old A/g)].at(-1) ?? [];
    const [, first] = /counts (\d+) new A/.exec(run.out) ?? [];
    expect(Number(first)).toBe(Number(last) + 1);
    // What it imports counts as well.
    project.write('name.mjs', `export const name = 'B';`);
    await run.saw(/counts \d+ new B/);
    project.service('counter', 'return {');
    await run.saw(/snlua counter keeps its code: .*counter\.mjs.*counter\.mjs:\d+\)/s);
    const at = run.out.length;
    await run.until('more counts', () => /counts \d+ new B/.test(run.out.slice(at)));
    project.service('counter', COUNTER('mended'));
    await run.saw(/counts \d+ mended B/);
    expect(run.out.match(/other began/g)).toHaveLength(1);
    expect(run.out).not.toMatch(/other ended/);
  },
  120_000,
);

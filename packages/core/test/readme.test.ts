import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

const read = (name: string): string => readFileSync(new URL(`../${name}`, import.meta.url), 'utf8');
const readme = read('README.md');

/** Text under a heading, up to the next one of the same or a higher level. */
function section(heading: string): string {
  const start = readme.indexOf(`\n${heading}\n`);
  expect(start, heading).toBeGreaterThan(0);
  const body = readme.slice(start + heading.length + 2);
  const level = heading.indexOf(' ');
  const end = body.search(new RegExp(`^#{1,${level}} `, 'm'));
  return end < 0 ? body : body.slice(0, end);
}

/** What stands in backquotes at the beginning of the rows of a section's tables. */
const firstCells = (heading: string): string[] =>
  [...section(heading).matchAll(/^\| `([^`]+)` \|/gm)].map(([, cell]) => cell as string);

const codesIn = (text: string, pattern: RegExp): string[] => [
  ...new Set([...text.matchAll(pattern)].map(([, code]) => code as string)),
];

/** Every source of the package but the list of codes itself. */
const sources = (folder = ''): string =>
  readdirSync(new URL(`../src/${folder}`, import.meta.url), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts') && name !== 'errors.ts')
    .map((name) => read(`src/${folder}${name}`))
    .join('\n');

const declared = codesIn(read('src/errors.ts'), /\| '(ERR_\w+)'/g);

test('the table of errors explains every code of errors.ts, and no other', () => {
  expect(declared.length).toBeGreaterThan(25);
  expect(firstCells('## Errors').sort()).toEqual([...declared].sort());
});

test('the tables of crypt and netpack explain every code of theirs, and no other', () => {
  const crypt = codesIn(read('src/crypt/errors.ts'), /\| '(ERR_\w+)'/g);
  expect(firstCells('### Errors of crypt').sort()).toEqual(crypt.sort());
  const netpack = codesIn(sources('netpack/'), /'(ERR_\w+)'/g);
  expect(firstCells('### Errors of netpack').sort()).toEqual(netpack.sort());
});

test('the table of shared data explains every code of theirs, and no other', () => {
  const codes = codesIn(read('src/sharedata/errors.ts'), /\| '(ERR_\w+)'/g);
  expect(firstCells('### Errors of shared data').sort()).toEqual(codes.sort());
});

test('the table of transports explains every code that they use, and no other', () => {
  const used = codesIn(sources('transport/'), /'(ERR_\w+)'/g);
  expect(firstCells('### Errors of transports').sort()).toEqual(used.sort());
  for (const code of codesIn(sources('ws/'), /'(ERR_\w+)'/g)) expect(declared).toContain(code);
});

test('every code is used, and the kernel uses no other', () => {
  const text = sources();
  const ofSockets = ['ERR_CONNECTION_CLOSED'];
  for (const code of declared) if (!ofSockets.includes(code)) expect(text, code).toContain(`'${code}'`);
  const others = codesIn(text, /'(ERR_\w+)'/g).filter((code) => !declared.includes(code));
  expect(
    others.filter((code) => !/^ERR_((CRYPT|MULTICAST|SHAREDATA)_\w+|FRAME_READER_BUSY)$/.test(code)),
  ).toEqual([]);
});

test('the table of the configuration has every key, and no other', () => {
  const config = /interface SkynetConfig \{(.*?)\n\}/s.exec(read('src/config/skynet-config.ts'))?.[1] ?? '';
  const keys = [...config.matchAll(/^ {2}(\w+)\?:/gm)].map(([, key]) => key);
  expect(keys.length).toBeGreaterThan(15);
  expect(firstCells('## Configuration').sort()).toEqual(keys.sort());
});

test('the tables of the context have every member, and no other', () => {
  const skynet = /interface Skynet \{(.*?)\n\}/s.exec(read('src/contracts/skynet.ts'))?.[1] ?? '';
  const members = [...skynet.matchAll(/^ {2}(?:readonly )?(\w+)(?:<[^(]*>)?[(:]/gm)].map(([, name]) => name);
  expect(members.length).toBeGreaterThan(50);
  const listed = firstCells('### The context').map((cell) => cell.replace(/\(.*/, ''));
  expect(listed.sort()).toEqual([...new Set(members)].sort());
});

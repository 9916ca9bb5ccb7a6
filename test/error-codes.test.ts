import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { SkynetError } from '../packages/core/src/errors.ts';

const PACKAGES = path.resolve(import.meta.dirname, '../packages');

/** TypeScript files below a folder of a package, by path. */
function sourcesOf(name: string, below = 'src'): Map<string, string> {
  const folder = path.join(PACKAGES, name, below);
  const files = existsSync(folder) ? readdirSync(folder, { recursive: true, encoding: 'utf8' }) : [];
  return new Map(
    files
      .filter((file) => file.endsWith('.ts'))
      .map((file) => [file, readFileSync(path.join(folder, file), 'utf8')]),
  );
}

/** Codes that the tables of a package's README explain: those in the first cells of rows. */
function explainedIn(name: string): string[] {
  const readme = readFileSync(path.join(PACKAGES, name, 'README.md'), 'utf8');
  const cells = [...readme.matchAll(/^\| (`ERR_[^|]*)\|/gm)].map(([, cell]) => cell as string);
  return [...new Set(cells.flatMap((cell) => cell.match(/ERR_\w+/g) ?? []))];
}

/** Codes that the tables of a package declare: `type XxxErrorCode = | 'ERR_…'`. */
function declaredIn(sources: ReadonlyMap<string, string>): Set<string> {
  const tables = [...sources.values()].flatMap(
    (text) => text.match(/^export type \w*ErrorCode =[\s\S]*?;$/gm) ?? [],
  );
  return new Set(tables.flatMap((table) => table.match(/'ERR_\w+'/g) ?? []));
}

/** Codes of Node's that sources look for. */
const OF_NODE = ["'ERR_SCRIPT_EXECUTION_TIMEOUT'"];
/** Whose codes a package looks for besides: those of what is joined to its port. */
const OF_PORTS: Readonly<Record<string, string>> = { player: 'msgserver' };
/** Codes that no test names: only the log tells of what happened, or it takes longer than a test should (`HARBOR_SILENT`). */
const UNMET = ['ERR_RESTARTS', 'ERR_LINK_SILENT', 'ERR_SOCKET_UNCLAIMED', 'ERR_HARBOR_SILENT'];

const kernel = declaredIn(sourcesOf('core'));
const all = new Map(readdirSync(PACKAGES).map((name) => [name, declaredIn(sourcesOf(name))]));
const tests = readdirSync(PACKAGES)
  .flatMap((name) => [...sourcesOf(name, 'test').values()])
  .join('\n');
const named = (codes: Iterable<string>): string[] => [...codes].map((code) => code.slice(1, -1)).sort();

describe('error codes', () => {
  test('are declared in tables', () => {
    expect(kernel.size).toBeGreaterThan(40);
    expect(declaredIn(sourcesOf('socket')).size).toBeGreaterThan(5);
  });

  test.each(readdirSync(PACKAGES))('%s uses no other: none is misspelt', (name) => {
    const sources = sourcesOf(name);
    const declared = new Set([
      ...kernel,
      ...declaredIn(sources),
      ...declaredIn(sourcesOf(OF_PORTS[name] ?? name)),
      ...OF_NODE,
    ]);
    const unknown = [...sources].flatMap(([file, text]) =>
      (text.match(/'ERR_\w+'/g) ?? [])
        .filter((code) => !declared.has(code))
        .map((code) => `${file}: ${code}`),
    );
    expect(unknown).toEqual([]);
  });

  test.each([...all])(
    'the README of %s has a row for each code of its own, and none for others',
    (name, own) => {
      const explained = explainedIn(name);
      const known = new Set(named([...kernel, ...own]));
      expect(named(own).filter((code) => !explained.includes(code))).toEqual([]);
      expect(explained.filter((code) => !known.has(code))).toEqual([]);
    },
  );

  test.each([...all])('each code of %s is used', (name, own) => {
    const sources = [...sourcesOf(name).values()].join('\n');
    const uses = (code: string): number => sources.split(`'${code}'`).length - 1;
    // Once where it is declared.
    expect(named(own).filter((code) => uses(code) < 2)).toEqual([]);
  });

  test.each([...all])('each code of %s stands in a test, here or in another package', (_name, own) => {
    expect(named(own).filter((code) => !tests.includes(code) && !UNMET.includes(code))).toEqual([]);
  });

  test('the compiler knows the kernel’s, and those that somebody declares', () => {
    expect(new SkynetError('ERR_TIMEOUT', 'late').code).toBe('ERR_TIMEOUT');
    expect(new SkynetError<'MY_CODE'>('MY_CODE', 'mine').code).toBe('MY_CODE');
    // @ts-expect-error: a code that is misspelt
    expect(new SkynetError('ERR_TIMEUOT', 'late').code).toBe('ERR_TIMEUOT');
    // @ts-expect-error: not one of those that were declared
    expect(new SkynetError<'MY_CODE'>('MY_CDOE', 'mine').code).toBe('MY_CDOE');
  });
});

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { SkynetError } from '../packages/core/src/errors.ts';

const PACKAGES = path.resolve(import.meta.dirname, '../packages');

/** TypeScript files of a package, by path. */
function sourcesOf(name: string): Map<string, string> {
  const folder = path.join(PACKAGES, name, 'src');
  const files = existsSync(folder) ? readdirSync(folder, { recursive: true, encoding: 'utf8' }) : [];
  return new Map(
    files
      .filter((file) => file.endsWith('.ts'))
      .map((file) => [file, readFileSync(path.join(folder, file), 'utf8')]),
  );
}

/** Codes that the tables of a package declare: `type XxxErrorCode = | 'ERR_…'`. */
function declaredIn(sources: ReadonlyMap<string, string>): Set<string> {
  const tables = [...sources.values()].flatMap(
    (text) => text.match(/^export type \w*ErrorCode =[\s\S]*?;$/gm) ?? [],
  );
  return new Set(tables.flatMap((table) => table.match(/'ERR_\w+'/g) ?? []));
}

const kernel = declaredIn(sourcesOf('core'));

describe('error codes', () => {
  test('are declared in tables', () => {
    expect(kernel.size).toBeGreaterThan(40);
    expect(declaredIn(sourcesOf('socket')).size).toBeGreaterThan(5);
  });

  test.each(readdirSync(PACKAGES))('%s uses no other: none is misspelt', (name) => {
    const sources = sourcesOf(name);
    const declared = new Set([...kernel, ...declaredIn(sources)]);
    const unknown = [...sources].flatMap(([file, text]) =>
      (text.match(/'ERR_\w+'/g) ?? [])
        .filter((code) => !declared.has(code))
        .map((code) => `${file}: ${code}`),
    );
    expect(unknown).toEqual([]);
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

import { createHash } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { candidatesOf } from './typescript.ts';

const IMPORT = /\b(?:from|import)\s*(?:\(\s*)?(['"])(\.{1,2}\/[^'"\n]*)\1/g;

/** The files that a module consists of: its own, and what it imports by relative paths, directly or not. */
export function filesOf(file: string): Map<string, string> {
  const texts = new Map<string, string>();
  const add = (name: string): void => {
    if (texts.has(name)) return;
    const text = readFileSync(name, 'utf8');
    texts.set(name, text);
    if (!/\.[mc]?[jt]s$/.test(name)) return;
    for (const [, , specifier = ''] of text.matchAll(IMPORT)) {
      const found = locate(path.resolve(path.dirname(name), specifier));
      if (found !== undefined) add(found);
    }
  };
  add(file);
  return texts;
}

/** The same contents have the same version, and Node loads what it has loaded once not again. */
export function versionOf(file: string): string {
  const hash = createHash('sha1');
  for (const [name, text] of [...filesOf(file)].sort(([a], [b]) => (a < b ? -1 : 1)))
    hash.update(`${name}\0${text}\0`);
  return hash.digest('hex').slice(0, 12);
}

function locate(location: string): string | undefined {
  // `./part.js` may mean the file `part.ts`.
  const typed = location.replace(/\.([mc]?)js$/, '.$1ts');
  return [location, typed, ...candidatesOf(location)].find((each) =>
    statSync(each, { throwIfNoEntry: false })?.isFile(),
  );
}

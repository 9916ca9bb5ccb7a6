import { readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { candidatesOf } from './typescript.ts';

const IMPORT = /\b(?:from|import)\s*(?:\(\s*)?(['"])(\.{1,2}\/[^'"\n]*)\1/g;

/** A statement that is gone when types are taken out. `import type from …` is none: it imports something called `type`. */
const OF_TYPES = /^(?:im|ex)port\s+type\s+[\w$*{]/;

/** The files that a module consists of: its own, and what it imports by relative paths, directly or not. */
export function filesOf(file: string): Map<string, string> {
  const texts = new Map<string, string>();
  const add = (name: string): void => {
    if (texts.has(name)) return;
    const text = readFileSync(name, 'utf8');
    texts.set(name, text);
    if (!/\.[mc]?[jt]s$/.test(name)) return;
    for (const specifier of importsOf(text, /ts$/.test(name))) {
      const found = locate(path.resolve(path.dirname(name), specifier));
      if (found !== undefined) add(found);
    }
  };
  add(file);
  return texts;
}

/** Relative paths that a module imports when it runs; in TypeScript those of types are not. */
function importsOf(text: string, isTyped: boolean): string[] {
  const found: string[] = [];
  let end = 0;
  for (const match of text.matchAll(IMPORT)) {
    const before = text.slice(end, match.index);
    end = match.index + match[0].length;
    const start = Math.max(before.lastIndexOf('import'), before.lastIndexOf('export'));
    const isOfTypes = match[0].startsWith('from')
      ? OF_TYPES.test(before.slice(Math.max(start, 0)))
      : /\btypeof\s{1,9}$/.test(before.slice(-20));
    if (!isTyped || !isOfTypes) found.push(match[2] as string);
  }
  return found;
}

/** The same contents have the same version, and Node loads what it has loaded once not again. */
export function versionOf(file: string): string {
  const hash = process.getBuiltinModule('node:crypto').createHash('sha1');
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

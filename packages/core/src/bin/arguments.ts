import { existsSync, statSync } from 'node:fs';
import path from 'node:path';

/** Names of a configuration that is not named, in the order in which they are looked for. */
const CONFIGURATIONS = ['ts', 'mts', 'js', 'mjs', 'json'].map((ending) => `skynet.config.${ending}`);

/** What the command was asked for. */
export type Asked =
  | { readonly what: 'start'; readonly file: string; readonly watch: boolean }
  | { readonly what: 'help' | 'version' }
  /** Nothing it understands. */
  | { readonly what: 'nothing'; readonly reason: string };

/** Reads the words behind `skynet`; `folder` is the working directory. */
export function readArguments(words: readonly string[], folder: string): Asked {
  const [only] = words;
  if (only === '--help' || only === '-h') return { what: 'help' };
  if (only === '--version' || only === '-v') return { what: 'version' };
  const watch = only === 'dev' || words.includes('--watch');
  const places = words.filter((word, i) => word !== '--watch' && !(i === 0 && word === 'dev'));
  const option = places.find((word) => word.startsWith('-'));
  const [first, second] = places;
  if (option !== undefined) return { what: 'nothing', reason: `no option ${JSON.stringify(option)}` };
  if (second !== undefined)
    return { what: 'nothing', reason: `one configuration is taken, not ${places.length} arguments` };
  const location = path.resolve(folder, first ?? '');
  const isFolder = statSync(location, { throwIfNoEntry: false })?.isDirectory() ?? false;
  if (!isFolder) return { what: 'start', file: first ?? '', watch };
  const name = CONFIGURATIONS.find((each) => existsSync(path.join(location, each)));
  if (name === undefined)
    return { what: 'nothing', reason: `no ${CONFIGURATIONS[0]} in ${first ?? 'this folder'}` };
  return { what: 'start', file: path.join(first ?? '', name), watch };
}

import { mkdirSync, readdirSync, readFileSync, rmdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { CreateError } from './errors.ts';
import type { Place } from './project-name.ts';
import { filesOf, type Template } from './template.ts';

/** What may be in a folder that counts as empty. */
const HARMLESS = new Set(['.git', '.DS_Store', 'Thumbs.db', 'desktop.ini']);

/** Scripts of every project; `skynet` is the command of @skynet/core. */
const SCRIPTS = {
  dev: 'skynet dev',
  prestart: 'npm run --silent build',
  start: 'skynet dist',
  build: 'tsc -p tsconfig.build.json',
  check: 'tsc',
  pretest: 'npm run --silent check',
  test: 'node --import tsx --test test/*.test.ts',
  bench: 'node --import tsx bench/bench.ts',
};

/**
 * Writes the files of a new project. Where that fails nothing stays behind.
 * @param home - folder of this package: its templates, and a package.json that has the versions of what projects use.
 * @throws ERR_CREATE_FOLDER.
 */
export function createProject(home: string, template: Template, { folder, name }: Place): void {
  const made = makeFolder(folder);
  const files = filesOf(home, template.name, {
    name,
    ...portsOf(template),
    env: Object.entries(template.env)
      .map(([key, value]) => ` ${key}=${value}`)
      .join(''),
    next: template.next,
    description: template.description,
  });
  files.set('package.json', `${JSON.stringify(manifestOf(home, template, name), undefined, 2)}\n`);
  try {
    for (const [file, text] of files) {
      const location = path.join(folder, file);
      mkdirSync(path.dirname(location), { recursive: true });
      writeFileSync(location, text, { flag: 'wx' });
    }
  } catch (error) {
    for (const [file] of files) rmSync(path.join(folder, firstPart(file)), { recursive: true, force: true });
    takeBack(folder, made);
    throw failure(folder, error);
  }
}

/** Lines of the Dockerfile and the compose file about ports; none where nothing is listened on. */
function portsOf({ ports }: Template): { expose: string; published: string } {
  if (ports.length === 0) return { expose: '', published: '' };
  const published = ports.map((port) => `\n      - "${port}:${port}"`).join('');
  return { expose: `EXPOSE ${ports.join(' ')}\n`, published: `    ports:${published}\n` };
}

function firstPart(file: string): string {
  return file.split('/')[0] as string;
}

/** Makes the folder, if need be; returns the first that had to be made. */
function makeFolder(folder: string): string | undefined {
  try {
    const there = statSync(folder, { throwIfNoEntry: false });
    if (there !== undefined && !there.isDirectory())
      throw new CreateError('ERR_CREATE_FOLDER', `${folder} is a file`);
    if (there === undefined) return mkdirSync(folder, { recursive: true });
    const inside = readdirSync(folder).filter((name) => !HARMLESS.has(name));
    if (inside.length > 0)
      throw new CreateError(
        'ERR_CREATE_FOLDER',
        `${folder} is not empty: ${some(inside)}; take another name`,
      );
    return undefined;
  } catch (error) {
    throw failure(folder, error);
  }
}

function some(names: readonly string[]): string {
  const shown = names.slice(0, 3).map((name) => JSON.stringify(name));
  return names.length > shown.length ? `${shown.join(', ')} …` : shown.join(', ');
}

/** Removes the folders that were made, as far as they are empty. */
function takeBack(folder: string, first: string | undefined): void {
  if (first === undefined) return;
  for (let each = folder; each.length >= first.length; each = path.dirname(each)) {
    try {
      rmdirSync(each);
    } catch {
      return;
    }
  }
}

function failure(folder: string, error: unknown): unknown {
  if (error instanceof CreateError || !(error instanceof Error)) return error;
  return new CreateError('ERR_CREATE_FOLDER', `cannot write into ${folder}: ${error.message}`);
}

/** The project's package.json. */
function manifestOf(home: string, template: Template, name: string): object {
  const versions = versionsOf(home);
  const pick = (names: readonly string[]): Record<string, string> =>
    Object.fromEntries([...names].sort().map((each) => [each, versions[each] as string]));
  return {
    name,
    private: true,
    version: '0.0.0',
    description: template.description,
    type: 'module',
    engines: { node: '>=20.19' },
    scripts: { ...SCRIPTS, ...template.scripts },
    dependencies: pick(template.dependencies),
    devDependencies: pick(template.devDependencies),
  };
}

/** Version ranges of what templates use: those this package was tested with. */
function versionsOf(home: string): Readonly<Record<string, string>> {
  const text = readFileSync(path.join(home, 'package.json'), 'utf8');
  return (JSON.parse(text) as { devDependencies: Record<string, string> }).devDependencies;
}

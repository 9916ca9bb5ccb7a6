import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { CreateError } from './errors.ts';

/** What `template.json` of a template says. */
export interface Template {
  readonly name: string;
  /** One line for `--help` and the project's package.json. */
  readonly description: string;
  /** Names of packages; the versions are those this package was published with. */
  readonly dependencies: readonly string[];
  readonly devDependencies: readonly string[];
  /** Scripts that differ from those of all projects. */
  readonly scripts?: Readonly<Record<string, string>>;
  /** The application of the repository whose files it has; the build has put them beside the built code. */
  readonly app?: { readonly name: string; readonly files: readonly string[] };
  /** What its container sets, so that it can be reached. */
  readonly env: Readonly<Record<string, string>>;
  /** Where the project listens, for its container; the first one is that of its page, if it has one. */
  readonly ports: readonly number[];
  /** What to do once it runs, one sentence. */
  readonly next: string;
}

const FOLDER = 'templates';
/** The same for the files of an application. */
const COPIED = 'dist/templates';
/** Files that every project gets. */
const COMMON = 'common';
const MANIFEST = 'template.json';

/** All templates that there are. */
export function templates(home: string): Template[] {
  return readdirSync(path.join(home, FOLDER))
    .filter((name) => name !== COMMON)
    .sort()
    .map((name) => readTemplate(home, name));
}

function readTemplate(home: string, name: string): Template {
  const text = readFileSync(path.join(home, FOLDER, name, MANIFEST), 'utf8');
  return { name, ...(JSON.parse(text) as Omit<Template, 'name'>) };
}

/** One template. @throws ERR_CREATE_TEMPLATE. */
export function findTemplate(home: string, name: string): Template {
  const all = templates(home);
  const found = all.find((template) => template.name === name);
  if (found !== undefined) return found;
  const names = all.map((template) => template.name).join(', ');
  throw new CreateError('ERR_CREATE_TEMPLATE', `no template ${JSON.stringify(name)}; there are ${names}`);
}

/** Files of a project by their paths in it, with `{{words}}` filled in. */
export function filesOf(
  home: string,
  template: string,
  words: Readonly<Record<string, string>>,
): Map<string, string> {
  const files = new Map<string, string>();
  const folders = [path.join(FOLDER, COMMON), path.join(COPIED, template), path.join(FOLDER, template)];
  for (const folder of folders.map((each) => path.join(home, each)).filter((each) => existsSync(each))) {
    for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
      if (!entry.isFile()) continue;
      const file = path.relative(folder, path.join(entry.parentPath, entry.name)).split(path.sep).join('/');
      if (file === MANIFEST) continue;
      const text = readFileSync(path.join(folder, file), 'utf8');
      files.set(fill(nameOf(file), words), fill(text, words));
    }
  }
  return files;
}

/** `_gitignore` stands for `.gitignore`: npm would leave that out of the archive, and git and editors would obey it here. */
function nameOf(file: string): string {
  return file.replace(/(^|\/)_(?=\w)/g, '$1.');
}

function fill(text: string, words: Readonly<Record<string, string>>): string {
  return text.replace(/\{\{(\w+)\}\}/g, (mark, word: string) => words[word] ?? mark);
}

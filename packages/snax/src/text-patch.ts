import vm from 'node:vm';
import { type Node, parse } from 'acorn';
import type { PatchTable } from './define.ts';
import { snaxError } from './errors.ts';
import { loadFailure, PATCH_NAME, within } from './load-limit.ts';
import type { PatchPlace } from './patch-place.ts';
import { rewriteText } from './rewrite.ts';
import { userOf } from './uses.ts';

/** Names that the text of a patch has besides what it declares. */
const PARAMETERS = ['$locals', '$fresh', '$globals', '$top', 'accept', 'response'] as const;

/** Functions that a patch declares by these names replace those of the service; `hotfix` runs. */
const NAMED = ['init', 'exit', 'hotfix'] as const;

/**
 * Runs a patch that is text (book §12.5), and gives what it defines:
 *
 *     let skynet; let i;                         // joined to the service's locals
 *     accept.hello = (...args) => skynet.error('fix hello', i, gname, ...args);
 *     function hotfix() { const before = i; i = 100; gname = 'nzhsoft'; return before; }
 *
 * TypeScript's types are taken out by esbuild where that is installed.
 */
export async function runText(text: string, place: PatchPlace): Promise<PatchTable> {
  const program = await programOf(text);
  const code = rewriteText(program.text, program.ast, {
    declared: program.declared,
    isLocal: (name) => Object.hasOwn(place.locals, name),
    missing: (name, line) => {
      const user = userOf(program.ast, name);
      const by = user === undefined ? '' : `, which ${user} uses`;
      throw snaxError(
        'ERR_PATCH_LOCAL',
        `patch:${line}: ${place.type} has registered no local ${name}${by}; \`let ${name};\` makes a new one`,
        {
          details: { local: name, line, file: place.file, ...(user === undefined ? {} : { function: user }) },
        },
      );
    },
    parameters: PARAMETERS,
  });
  const ends = NAMED.join(', ');
  const shadows = NAMED.filter((name) => !code.functions.includes(name));
  const lead =
    shadows.length === 0 ? '' : `const ${shadows.map((name) => `${name} = undefined`).join(', ')}; `;
  const accept: Record<string, never> = {};
  const response: Record<string, never> = {};
  try {
    // In stacks its lines are those of the patch.
    const run = vm.compileFunction(
      `'use strict'; ${lead}${code.text}\nreturn { accept, response, ${ends} };`,
      PARAMETERS,
      { filename: PATCH_NAME },
    );
    const top = Object.create(place.snax.globals) as object;
    return within(
      () => run(place.locals, place.fresh, place.snax.globals, top, accept, response) as PatchTable,
    );
  } catch (error) {
    if (error instanceof SyntaxError)
      throw snaxError('ERR_PATCH_SYNTAX', `patch: ${error.message}`, { cause: error });
    throw loadFailure('text', error);
  }
}

interface Program {
  readonly text: string;
  readonly ast: Node;
  /** Names that the patch says the service has (`declare let`), by the line where it does. */
  readonly declared: ReadonlyMap<string, number>;
}

async function programOf(given: string): Promise<Program> {
  const declared = new Map<string, number>();
  // A declaration without a value: the counterpart of the original's `local i`.
  let text = given.replace(
    /(?<=^|;)([ \t]*)declare[ \t]+(?:(function)[ \t]+([\w$]+)[^\n;]*|(?:let|const|var)[ \t]+([^\n;]+));?/gm,
    (_all, indent: string, isFunction: string | undefined, name: string, list: string, at: number) => {
      const names = isFunction === undefined ? namesIn(list) : [name];
      const line = given.slice(0, at).split('\n').length;
      for (const each of names) declared.set(each, line);
      return `${indent}let ${names.join(', ')};`;
    },
  );
  text = text.replace(/^([ \t]*)export[ \t]+(?=(?:async[ \t]+)?function\b|let\b|const\b)/gm, (all) =>
    ' '.repeat(all.length),
  );
  try {
    return { text, ast: parseText(text), declared };
  } catch (error) {
    // Without its types an import that nobody uses is gone.
    if (/'import' and 'export'/.test(String(error))) throw syntaxError(error);
    const plain = await withoutTypes(text);
    if (plain !== undefined) return { text: plain, ast: parseText(plain), declared };
    throw syntaxError(error);
  }
}

/** The names of `a: number, b: Map<string, number>`. */
function namesIn(list: string): string[] {
  const names: string[] = [];
  let depth = 0;
  let part = '';
  for (const char of `${list},`) {
    if ('<({['.includes(char)) depth++;
    else if (')}]'.includes(char) || (char === '>' && !part.endsWith('='))) depth--;
    if (char === ',' && depth <= 0) {
      const [name] = /^[\w$]+/.exec(part.trim()) ?? [];
      if (name !== undefined) names.push(name);
      part = '';
    } else part += char;
  }
  return names;
}

function parseText(text: string): Node {
  return parse(text, { ecmaVersion: 'latest', sourceType: 'script', locations: true });
}

/** Takes TypeScript's types out; undefined where there is no esbuild, or it finds a fault, too. */
async function withoutTypes(text: string): Promise<string | undefined> {
  const name = 'esbuild';
  try {
    const esbuild = (await import(name)) as {
      transform(text: string, options: object): Promise<{ code: string }>;
    };
    const { code } = await esbuild.transform(text, { loader: 'ts', target: 'esnext', tsconfigRaw: '{}' });
    return code;
  } catch {
    return undefined;
  }
}

function syntaxError(error: unknown): Error {
  const { message, loc } = error as { message: string; loc?: { line: number; column: number } };
  const text = message.replace(/ \(\d+:\d+\)$/, '');
  return snaxError('ERR_PATCH_SYNTAX', `patch:${loc?.line ?? 1}: ${text}`, {
    details: { line: loc?.line ?? 1, column: (loc?.column ?? 0) + 1 },
  });
}

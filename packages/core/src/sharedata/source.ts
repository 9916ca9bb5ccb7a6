import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { types } from 'node:util';
import vm from 'node:vm';
import { messageOf } from '../codec/error.ts';
import { SkynetError } from '../errors.ts';
import type { ShareDataErrorCode } from './errors.ts';

/** Milliseconds that text may run. */
const LIMIT = 10_000;
const MODULE = /\.[cm]?[jt]s$/;

/**
 * The value of a text, JSON, JSON5 or other JavaScript that is run by itself, or of the file that `@file` names.
 * @throws ERR_SHAREDATA_LOAD, ERR_SHAREDATA_VALUE.
 */
export async function readSource(text: string, args: readonly unknown[], name: string): Promise<object> {
  return checkWhole(text.startsWith('@') ? await loadFile(text.slice(1), args) : runText(text, args, name));
}

/** The whole of shared data has parts. */
export function checkWhole(whole: unknown): object {
  if (typeof whole === 'object' && whole !== null && !(whole instanceof Uint8Array)) return whole;
  const what = whole === null ? 'null' : typeof whole;
  throw new SkynetError<ShareDataErrorCode>(
    'ERR_SHAREDATA_VALUE',
    `shared data are an object, an array or a map, not ${what}`,
  );
}

/** The value of a file: of a module its default export, else all exports; other files are text. */
export async function loadFile(file: string, args: readonly unknown[]): Promise<unknown> {
  const full = path.resolve(file);
  if (MODULE.test(file)) {
    const module = await attempt(file, () => importAnew(full));
    const value = Object.hasOwn(module, 'default') ? module['default'] : { ...module };
    return typeof value === 'function' ? attempt(file, () => value(...args)) : value;
  }
  return runText(await attempt(file, () => readFile(full, 'utf8')), args, file);
}

/** With a number of its own, so that an update sees the file as it is by now. */
let imports = 0;
function importAnew(file: string): Promise<Record<string, unknown>> {
  return import(`${pathToFileURL(file).href}?sharedata=${++imports}`) as Promise<Record<string, unknown>>;
}

/**
 * Runs text by itself, with nothing but the language: an expression, or statements that return something or assign to
 * global names, which are the data then. The arguments are `args`.
 */
export function runText(text: string, args: readonly unknown[], name: string): unknown {
  const json = parseJson(text);
  if (json !== undefined) return json;
  const globals: Record<string, unknown> = Object.create(null) as Record<string, unknown>;
  const context = vm.createContext(globals, { codeGeneration: { strings: false, wasm: false } });
  const options = { filename: name, timeout: LIMIT };
  const expression = compile(`(function (...args) { return (${text}\n) })`, options);
  try {
    const script = expression ?? compileBody(text, options);
    const run = script.runInContext(context, options) as unknown;
    // Called from within, so that the limit holds for what it does.
    Object.defineProperty(globals, '__run', {
      value: () => (run as (...args: unknown[]) => unknown)(...args),
      enumerable: false,
    });
    const result = vm.runInContext('__run()', context, options) as unknown;
    const value = result === undefined ? { ...globals } : result;
    if (types.isPromise(value)) throw new TypeError('a promise');
    return value;
  } catch (error) {
    throw failed(name, error);
  }
}

/** The value of JSON; undefined for other text. There `__proto__` is a key like any other, and large text is read fast. */
function parseJson(text: string): unknown {
  if (!/^\s*[[{]/.test(text)) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function compile(code: string, options: vm.ScriptOptions): vm.Script | undefined {
  try {
    return new vm.Script(code, options);
  } catch {
    return undefined;
  }
}

/** Compiled by itself first: an error must not speak of brackets that are not the text's. */
function compileBody(text: string, options: vm.ScriptOptions): vm.Script {
  vm.compileFunction(text, ['args'], { filename: options.filename });
  return new vm.Script(`(function (...args) { ${text}\n})`, options);
}

async function attempt<Result>(file: string, work: () => Result | Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    throw failed(file, error);
  }
}

function failed(name: string, error: unknown): SkynetError {
  return new SkynetError<ShareDataErrorCode>(
    'ERR_SHAREDATA_LOAD',
    `cannot load shared data from ${name}: ${messageOf(error)}`,
    {
      cause: error,
    },
  );
}

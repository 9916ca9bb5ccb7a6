import { readFileSync } from 'node:fs';
import { kernelOf } from '@skynet/core/kernel';
import { isPatchDefinition, type PatchTable } from './define.ts';
import { snaxError } from './errors.ts';
import type { Slot } from './interface.ts';
import { loadFailure, within } from './load-limit.ts';
import type { AnyFunction, Functions, PatchPlace } from './patch-place.ts';
import type { ReadSource } from './source.ts';
import { runText } from './text-patch.ts';
import { usesOfLocals } from './uses.ts';

/** A patch that is ready to come into force. */
export interface LoadedPatch {
  readonly functions: Functions;
  /** What it replaces. */
  readonly names: readonly string[];
  readonly hotfix: AnyFunction | undefined;
}

/** Loads a patch and checks it against what the service has; changes nothing. */
export async function loadPatch(
  place: PatchPlace,
  slots: readonly Slot[],
  current: Functions,
  source: ReadSource,
): Promise<LoadedPatch> {
  const table = source.kind === 'text' ? await runText(source.from, place) : await runModule(source, place);
  return merge(place, slots, current, table, (name) => lineOfFunction(source, name));
}

/** The line where a patch defines a function: `accept.hello = …`, or `hello` in a module. */
function lineOfFunction({ kind, from }: ReadSource, name: string): number | undefined {
  const word = (kind === 'text' ? name : name.replace(/^.*\./, '')).replace(/[.$]/g, '\\$&');
  const lines = (kind === 'text' ? from : readFileSync(from, 'utf8')).split('\n');
  const at = lines.findIndex((line) => new RegExp(`(?<![\\w$.])${word}(?![\\w$])`).test(line));
  return at < 0 ? undefined : at + 1;
}

async function runModule({ from, origin, hash }: ReadSource, place: PatchPlace): Promise<PatchTable> {
  let module: { default?: unknown };
  try {
    // Another source is another module; the same one costs nothing the second time.
    module = (await place.skynet.await(kernelOf(place.skynet).thread.modules.import(from, hash))) as {
      default?: unknown;
    };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    const code =
      error instanceof SyntaxError || /Transform failed|Parse (failure|error)|PARSE_ERROR/i.test(reason)
        ? 'ERR_PATCH_SYNTAX'
        : 'ERR_PATCH_LOAD';
    throw snaxError(code, `patch ${origin} cannot be loaded: ${reason}`, {
      cause: error,
      details: { file: from },
    });
  }
  const patch = module.default;
  if (!isPatchDefinition(patch))
    throw snaxError('ERR_PATCH_SYNTAX', `patch ${origin} has no patch as default export (definePatch)`, {
      details: { file: from },
    });
  checkUses(String(patch.make), from, origin, place);
  const locals = checkedLocals(place, origin);
  try {
    return within(() => patch.make(place.snax, locals as never, place.skynet));
  } catch (error) {
    throw loadFailure(origin, error);
  }
}

/** What the patch's functions use is looked at before one of them runs, as far as their text shows it. */
function checkUses(text: string, file: string, origin: string, { locals, type }: PatchPlace): void {
  for (const { local, function: user } of usesOfLocals(text)) {
    if (Object.hasOwn(locals, local)) continue;
    const line = lineIn(file, local);
    const by = user === undefined ? '' : `, which ${user} uses`;
    throw snaxError(
      'ERR_PATCH_LOCAL',
      `patch ${origin}:${line}: ${type} has registered no local ${local}${by}`,
      {
        details: { local, line, file, ...(user === undefined ? {} : { function: user }) },
      },
    );
  }
}

/** The line where a module first mentions a local: what runs may have been transpiled, and stands on other lines. */
function lineIn(file: string, local: string): number {
  const lines = readFileSync(file, 'utf8').split('\n');
  const word = new RegExp(`(?<![\\w$])${local.replaceAll('$', '\\$')}(?![\\w$])`);
  return lines.findIndex((line) => word.test(line)) + 1;
}

/** Reading a local that is not registered is an error that names it, not `undefined`. */
function checkedLocals({ locals, type, file }: PatchPlace, origin: string): object {
  const refuse = (name: string | symbol): never => {
    throw snaxError('ERR_PATCH_LOCAL', `patch ${origin}: ${type} has registered no local ${String(name)}`, {
      details: { local: String(name), file },
    });
  };
  const stray = new Proxy(Object.create(null) as object, {
    get: (_target, name) => (typeof name === 'symbol' ? undefined : refuse(name)),
    set: (_target, name) => refuse(name),
  });
  return Object.create(stray, Object.getOwnPropertyDescriptors(locals)) as object;
}

function merge(
  { type }: PatchPlace,
  slots: readonly Slot[],
  current: Functions,
  table: PatchTable,
  lineOf: (name: string) => number | undefined,
): LoadedPatch {
  const mismatch = (name: string, reason = `${type} has no such function`): Error => {
    const line = lineOf(name);
    return snaxError('ERR_PATCH_MISMATCH', `Patch mismatch ${name}: ${reason}`, {
      details: { type, function: name, ...(line === undefined ? {} : { line }) },
    });
  };
  const mustBeFunction = (name: string, value: unknown): AnyFunction => {
    if (typeof value === 'function') return value as AnyFunction;
    throw mismatch(name, 'it must be a function');
  };
  if (typeof table !== 'object' || table === null)
    throw snaxError('ERR_PATCH_MISMATCH', 'the patch makes no table of functions');
  const names: string[] = [];
  const methods = [...current.methods];
  const next = { init: current.init, exit: current.exit };
  for (const [key, value] of Object.entries(table)) {
    if (value === undefined || key === 'hotfix') continue;
    if (key === 'init' || key === 'exit') {
      if (current[key] === undefined) throw mismatch(key);
      next[key] = mustBeFunction(key, value);
      names.push(key);
    } else if (key === 'accept' || key === 'response') {
      if (typeof value !== 'object' || value === null) throw mismatch(key, 'it must be a table of functions');
      for (const [name, method] of Object.entries(value as object)) {
        const at = slots.findIndex((slot) => slot.group === key && slot.name === name);
        if (at < 0) throw mismatch(`${key}.${name}`);
        methods[at] = mustBeFunction(`${key}.${name}`, method);
        names.push(`${key}.${name}`);
      }
    } else throw mismatch(key);
  }
  const hotfix = table.hotfix === undefined ? undefined : mustBeFunction('hotfix', table.hotfix);
  return { functions: { ...next, methods }, names, hotfix };
}

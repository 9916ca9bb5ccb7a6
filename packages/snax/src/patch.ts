import { kernelOf } from '@skynet/core/kernel';
import { isPatchDefinition, type PatchTable } from './define.ts';
import { snaxError } from './errors.ts';
import type { Slot } from './interface.ts';
import { loadFailure, within } from './load-limit.ts';
import type { AnyFunction, Functions, PatchPlace } from './patch-place.ts';
import type { ReadSource } from './source.ts';
import { runText } from './text-patch.ts';

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
  return merge(place, slots, current, table);
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
      error instanceof SyntaxError || /Transform failed/.test(reason) ? 'ERR_PATCH_SYNTAX' : 'ERR_PATCH_LOAD';
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
  const locals = checkedLocals(place, origin);
  try {
    return within(() => patch.make(place.snax, locals as never, place.skynet));
  } catch (error) {
    throw loadFailure(origin, error);
  }
}

/** Reading a local that is not registered is an error that names it, not `undefined`. */
function checkedLocals({ locals = {}, type, file }: PatchPlace, origin: string): object {
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
): LoadedPatch {
  if (typeof table !== 'object' || table === null)
    throw snaxError('ERR_PATCH_MISMATCH', 'the patch makes no table of functions');
  const names: string[] = [];
  const methods = [...current.methods];
  const next = { init: current.init, exit: current.exit };
  for (const [key, value] of Object.entries(table)) {
    if (value === undefined || key === 'hotfix') continue;
    if (key === 'init' || key === 'exit') {
      if (current[key] === undefined) throw mismatch(type, key);
      next[key] = mustBeFunction(key, value);
      names.push(key);
    } else if (key === 'accept' || key === 'response') {
      for (const [name, method] of Object.entries(value as object)) {
        const at = slots.findIndex((slot) => slot.group === key && slot.name === name);
        if (at < 0) throw mismatch(type, `${key}.${name}`);
        methods[at] = mustBeFunction(`${key}.${name}`, method);
        names.push(`${key}.${name}`);
      }
    } else throw mismatch(type, key);
  }
  const hotfix = table.hotfix === undefined ? undefined : mustBeFunction('hotfix', table.hotfix);
  return { functions: { ...next, methods }, names, hotfix };
}

function mismatch(type: string, name: string): Error {
  return snaxError('ERR_PATCH_MISMATCH', `Patch mismatch ${name}: ${type} has no such function`, {
    details: { type, function: name },
  });
}

function mustBeFunction(name: string, value: unknown): AnyFunction {
  if (typeof value === 'function') return value as AnyFunction;
  throw snaxError('ERR_PATCH_MISMATCH', `Patch mismatch ${name}: it must be a function`, {
    details: { function: name },
  });
}

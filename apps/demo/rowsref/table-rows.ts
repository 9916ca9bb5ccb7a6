import { isSkynetError, type Skynet } from '@skynet/core';
import { field, fromTyped, listIn, setField, toTyped } from './lua-table.ts';
import { errorText, type Typed } from './typed.ts';

/** One step of a row about shared tables. */
export interface TableStep {
  readonly op: string;
  readonly name?: string;
  readonly names?: readonly string[];
  readonly value?: Typed;
  readonly of?: string;
  readonly from?: string;
  readonly as?: string;
  readonly path?: readonly Typed[];
  readonly key?: Typed;
  readonly a?: string;
  readonly b?: string;
  readonly text?: string;
  readonly args?: readonly Typed[];
  readonly cs?: number;
  readonly background?: boolean;
}

/** Does what only one family knows; gives the values, or undefined if it does not know the step either. */
export type OwnStep = (step: TableStep, kept: Map<string, unknown>) => Promise<unknown[] | undefined>;

/** Hundredths of a second after which a step counts as waiting. */
const PATIENCE = 200;
const BACKGROUND_PATIENCE = 3;

/** Steps that are Lua: they are judged by hand. */
const LUA: readonly string[] = ['newtext', 'loadstring', 'callfield', 'hotfix'];

/** Does the steps of a row in a service. */
export async function runTableRow(
  skynet: Skynet,
  steps: readonly TableStep[],
  own: OwnStep,
): Promise<unknown[]> {
  const kept = new Map<string, unknown>();
  const background = new Map<string, Promise<unknown>>();
  const results: unknown[] = [];
  for (const step of steps) {
    if (LUA.includes(step.op)) results.push('skipped');
    else if (step.op === 'finished') results.push((await background.get(step.name ?? '')) ?? null);
    else results.push(await runStep(step));
  }
  return results;

  async function runStep(step: TableStep): Promise<unknown> {
    const working = outcome(step);
    if (step.background === true) background.set(step.as ?? step.name ?? '', working);
    try {
      return await skynet.await(working, { timeout: step.background ? BACKGROUND_PATIENCE : PATIENCE });
    } catch (error) {
      if (isSkynetError(error, 'ERR_TIMEOUT')) return 'waits';
      throw error;
    }
  }

  async function outcome(step: TableStep): Promise<unknown> {
    try {
      const values = (await own(step, kept)) ?? (await common(step));
      return { ok: values.map(toTyped) };
    } catch (error) {
      return { err: errorText(error) };
    }
  }

  function walk(name: string | undefined, path: readonly Typed[] = []): unknown {
    let value = kept.get(name ?? '');
    for (const key of path) value = field(value, fromTyped(key));
    return value;
  }

  async function common(step: TableStep): Promise<unknown[]> {
    switch (step.op) {
      case 'get':
        return [walk(step.of, step.path)];
      case 'len':
        return [listIn(walk(step.of, step.path)).length];
      case 'ipairs':
        return [listIn(walk(step.of, step.path))];
      case 'pairs':
        return [walk(step.of, step.path)];
      case 'set':
        setField(walk(step.of, step.path), fromTyped(step.key ?? null), fromTyped(step.value ?? null));
        return [];
      case 'keep': {
        const value = walk(step.from ?? step.of, step.path);
        kept.set(step.as ?? '', value);
        return [value !== undefined && value !== null];
      }
      case 'same':
        return [kept.get(step.a ?? '') === kept.get(step.b ?? '')];
      case 'sleep':
        await skynet.sleep(step.cs ?? 0);
        return [];
      default:
        throw new Error(`there is no step ${step.op}`);
    }
  }
}

import { setTimeout as pause } from 'node:timers/promises';
import { type Duration, toMilliseconds } from '../duration.ts';
import { PATIENCE } from './happenings.ts';

/** Milliseconds between two looks. */
const EVERY = 2;

/** What {@link until} may be told. */
export interface UntilOptions {
  /** What is waited for, in the words of whoever reads why it did not come. Default: the text of the condition. */
  what?: string | (() => string);
  /** Longest wait. Default 30 s. */
  patience?: Duration;
}

/**
 * Looks until something is so, every two milliseconds. A wait that is not fulfilled in time fails and says what it waited
 * for. For what tells nobody that it has happened; for what does there are {@link Happenings}.
 */
export async function until(
  isSo: () => boolean | Promise<boolean>,
  { what = conditionOf(isSo), patience = PATIENCE }: UntilOptions = {},
): Promise<void> {
  const limit = toMilliseconds(patience);
  const end = performance.now() + limit;
  while (!(await isSo())) {
    if (performance.now() > end)
      throw new Error(`waited ${limit / 1000} s until ${typeof what === 'string' ? what : what()}`);
    await pause(EVERY);
  }
}

function conditionOf(isSo: () => unknown): string {
  return String(isSo).replace(/^(async )?\(\) =>\s*/, '');
}

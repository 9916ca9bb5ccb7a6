import path from 'node:path';
import { fileURLToPath } from 'node:url';

const PACKAGE = fileURLToPath(new URL('..', import.meta.url));
/**
 * Frames of this package have nothing to tell about a handler, nor have those below them. Built code shows its sources
 * where source maps are read.
 */
const HERE = [`${PACKAGE}src${path.sep}`, `${PACKAGE}dist${path.sep}`];
/** Frames shown; a handler that has more calls itself. */
const MOST = 16;

/** Text of what a handler threw. */
export function messageOf(thrown: unknown): string {
  try {
    return thrown instanceof Error ? String(thrown.message) : String(thrown);
  } catch {
    return typeof thrown;
  }
}

/**
 * Where a handler threw, as further lines of a log line: the handler and whom it worked for, then its part of the stack.
 */
export function traceOf(handler: string, thrown: unknown): string {
  return `\n    in ${handler}${framesOf(thrown)
    .map((frame) => `\n${frame}`)
    .join('')}`;
}

function framesOf(thrown: unknown): readonly string[] {
  if (!(thrown instanceof Error) || typeof thrown.stack !== 'string') return [];
  // The message comes first, and may hold anything.
  const { stack } = thrown;
  const head = stack.indexOf(messageOf(thrown));
  const frames = stack
    .slice(head < 0 ? 0 : head + messageOf(thrown).length)
    .split('\n')
    .filter((line) => /^\s+at /.test(line));
  const ours = frames.findIndex((frame) => HERE.some((folder) => frame.includes(folder)));
  return frames.slice(0, Math.min(MOST, ours < 0 ? MOST : ours));
}

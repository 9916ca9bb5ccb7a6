import { inspect } from 'node:util';
import { printable } from './printable.ts';

/** Control characters that could move the cursor of a terminal or colour it: all but tabs and ends of lines. */
const COMMAND = /(?![\t\n]|\r\n)\p{Cc}/gu;
/** The end of a line behind which the text looks as if the next log line began. */
const FALSE_START = /\n(?=(?:\d\d\/\d\d\/\d\d \d\d:\d\d:\d\d\.\d\d )?\[:[\da-f]{8}\])/gi;

/**
 * The text of a log line as loggers get it. It may have several lines, as in the original, so that a stack stays
 * readable; but nothing in it commands a terminal, and no line of it can be taken for the beginning of another log line:
 * such a one is moved in by a tab.
 */
export function entryText(text: string): string {
  // One look is enough for most lines; at a short one a loop looks in a fraction of an expression's time.
  if (!hasControl(text)) return text;
  return text.replace(COMMAND, (character) => printable(character)).replace(FALSE_START, '\n\t');
}

/** Whether there is a control character: `\p{Cc}`. */
function hasControl(text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code < 0x20 || (code >= 0x7f && code < 0xa0)) return true;
  }
  return false;
}

/** A value as a log line shows it: `nil` for nothing, numbers and booleans as Lua prints them, text as it is. */
export function logText(value: unknown): string {
  if (typeof value === 'string') return value;
  if (value === undefined || value === null) return 'nil';
  if (value instanceof Error) return value.stack ?? String(value);
  if (typeof value === 'object' && Object.getPrototypeOf(value) !== Object.prototype && 'toString' in value) {
    if (!Array.isArray(value) && !(value instanceof Map) && !(value instanceof Uint8Array))
      return String(value);
  }
  return typeof value === 'object'
    ? inspect(value, { depth: 6, breakLength: Number.POSITIVE_INFINITY })
    : String(value);
}

/** Values of one log line, joined by spaces; no values at all print `nil` (`skynet.error`). */
export function logLine(values: readonly unknown[]): string {
  return values.length === 0 ? 'nil' : values.map(logText).join(' ');
}

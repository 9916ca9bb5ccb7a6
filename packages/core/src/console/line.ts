import { messageOf } from '../codec/error.ts';
import type { ServiceKernel } from '../contracts/kernel.ts';
import { type ConsoleCommand, commandsOf } from './commands.ts';
import { showResult } from './values.ts';

/** What a command line has come to: lines to print, and whether it failed. */
export interface LineResult {
  readonly lines: readonly string[];
  readonly failed: boolean;
}

/** The words of a line. */
export function wordsOf(line: string): string[] {
  return line.trim().split(/\s+/);
}

/** The command that a line begins with, if it is one. */
export function commandOf(kernel: ServiceKernel, line: string): ConsoleCommand | undefined {
  const [name = ''] = wordsOf(line);
  const commands = commandsOf(kernel);
  return Object.hasOwn(commands, name) ? commands[name] : undefined;
}

/** Does what a command line says; undefined if it does not begin with a command. */
export async function runLine(
  kernel: ServiceKernel,
  line: string,
  signal: AbortSignal,
): Promise<LineResult | undefined> {
  const command = commandOf(kernel, line);
  if (command === undefined) return undefined;
  const [, ...args] = wordsOf(line);
  const rest = line.trim().replace(/^\S+\s+\S+\s*/, '');
  try {
    return { lines: showResult(await command.run({ kernel, signal, rest }, ...args)), failed: false };
  } catch (error) {
    return { lines: showResult(messageOf(error)), failed: true };
  }
}

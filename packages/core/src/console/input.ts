import type { Interface } from 'node:readline';
import { setTypedLine } from '../log/typed-line.ts';

/** Lines that the arrow keys bring back. */
const HISTORY = 1000;

/** What may stand in the place of a word that was begun. */
export type Complete = (words: readonly string[]) => readonly string[];

/**
 * Lines from standard input, until `close`. Where that is a terminal they can be edited, the arrow keys bring earlier
 * ones back, the tab key completes words, and what is written to the log meanwhile stands above the line.
 */
export function readInput(complete: Complete, took: (line: string) => void): { close(): void } {
  const lines =
    openTerminal(complete) ?? readline().createInterface({ input: process.stdin, terminal: false });
  lines.on('line', took);
  lines.on('close', () => setTypedLine(undefined));
  return lines;
}

function openTerminal(complete: Complete): Interface | undefined {
  const { stdin, stdout, env } = process;
  if (!stdin.isTTY || !stdout.isTTY || env.TERM === 'dumb') return undefined;
  const lines = readline().createInterface({
    input: stdin,
    output: stdout,
    terminal: true,
    prompt: '',
    historySize: HISTORY,
    removeHistoryDuplicates: true,
    completer: (line: string) => completion(complete, line),
  });
  if (!keepsSignals()) {
    lines.close();
    stdin.setRawMode(false);
    return undefined;
  }
  setTypedLine({
    hide() {
      if (lines.line === '') return;
      const { clearScreenDown, cursorTo, moveCursor } = readline();
      moveCursor(stdout, 0, -lines.getCursorPos().rows);
      cursorTo(stdout, 0);
      clearScreenDown(stdout);
      // Where it is shown again nothing of it stands above.
      Object.assign(lines, { prevRows: 0 });
    },
    show() {
      if (lines.line !== '') lines.prompt(true);
    },
  });
  return lines;
}

/** Few nodes read standard input: it is loaded when one does. */
function readline(): typeof import('node:readline') {
  return process.getBuiltinModule('node:readline');
}

/**
 * Ctrl-C goes on to be a signal. Node would have it read as a key, which nobody does while a service holds the thread.
 * False where the terminal cannot be told so.
 */
function keepsSignals(): boolean {
  const { spawnSync } = process.getBuiltinModule('node:child_process');
  return spawnSync('stty', ['isig'], { stdio: ['inherit', 'ignore', 'ignore'] }).status === 0;
}

function completion(complete: Complete, line: string): [string[], string] {
  const words = line.trimStart().split(/\s+/);
  const begun = words.at(-1) ?? '';
  const found = complete(words).filter((word) => word.startsWith(begun));
  return [found.map((word) => (found.length === 1 ? `${word} ` : word)), begun];
}

import { transformSync } from 'esbuild';
import { parseAst } from 'vite';

/** The regular expressions that stand in a TypeScript file. */
export function expressionsIn(typescript: string): RegExp[] {
  const { code } = transformSync(typescript, { loader: 'ts', target: 'esnext' });
  const found: RegExp[] = [];
  const look = (node: unknown): void => {
    if (typeof node !== 'object' || node === null) return;
    const { regex } = node as { regex?: { pattern: string; flags: string } };
    if (regex !== undefined) found.push(new RegExp(regex.pattern, regex.flags));
    for (const part of Object.values(node)) look(part);
  };
  look(parseAst(code));
  return found;
}

const CLASSES: readonly string[] = ['a', '0', ' ', '\n', '\t', '.', ':', '-', '"', '\\', '\u0001', 'é'];

/** Pieces out of which a text is made that a pattern may take long for: its own characters, and some of every class. */
export function piecesFor({ source }: RegExp): string[] {
  const words = source.match(/[a-z]{2,}/gi) ?? [];
  const own = [...source.replace(/\\[a-z]/gi, '')];
  return [...new Set([...CLASSES, ...own, ...words])];
}

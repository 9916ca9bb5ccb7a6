import { readFile } from 'node:fs/promises';
import * as nodeModule from 'node:module';
import { fileURLToPath } from 'node:url';
import { joinLocals } from './join.ts';

// Runs in Node's thread for hooks: scripts that are loaded get the line by which patches join their variables.

interface Loaded {
  readonly format: string;
  readonly source?: string | ArrayBuffer | Uint8Array;
}

/** Takes the types out and leaves everything at its place; Node has that from 22.13 on. */
const strip = (nodeModule as { stripTypeScriptTypes?: (text: string) => string }).stripTypeScriptTypes;

/** The same without Node's word that this is an experiment, which would stand in the log of every node. */
function withoutTypes(text: string): string {
  const { emitWarning } = process;
  process.emitWarning = () => {};
  try {
    return (strip as (text: string) => string)(text);
  } finally {
    process.emitWarning = emitWarning;
  }
}

/** The file as it is: of TypeScript something else may have been made already. */
async function writtenText(url: string, text: string): Promise<string> {
  const [file = ''] = url.split('?');
  return /\.m?ts$/.test(file) ? await readFile(fileURLToPath(file), 'utf8') : text;
}

export async function load(
  url: string,
  context: object,
  nextLoad: (url: string, context: object) => Promise<Loaded>,
): Promise<Loaded> {
  const loaded = await nextLoad(url, context);
  const { format, source } = loaded;
  if (!url.startsWith('file:') || source === undefined || source === null) return loaded;
  const isTyped = format === 'module-typescript' && strip !== undefined;
  if (format !== 'module' && !isTyped) return loaded;
  const text = typeof source === 'string' ? source : Buffer.from(source as Uint8Array).toString();
  if (!text.includes('defineSnax')) return loaded;
  try {
    const joined = isTyped ? joinLocals(withoutTypes(text)) : joinLocals(text, await writtenText(url, text));
    return joined === undefined ? loaded : { ...loaded, format: 'module', source: joined };
  } catch {
    // Whoever loads it tells better what is wrong with it.
    return loaded;
  }
}

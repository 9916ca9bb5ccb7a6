// npm run --silent rowsref -- <family> [--port P] < rows.json > results.json
//
// Does the rows of a file of golden rows with our packages, and writes a list with a result for each. A family is a
// module of the folder beside this file; a row that fails is a result like any other.

import { existsSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import type { Family, RowsFile } from './family.ts';

const folder = new URL('./families/', import.meta.url);

function usage(why: string): never {
  const families = readdirSync(folder).map((file) => file.replace(/\.ts$/, ''));
  console.error(
    `rowsref: ${why}\nusage: rowsref <family> [--port P] < rows.json\nfamilies: ${families.join(' ')}`,
  );
  process.exit(2);
}

function readArguments(): { name: string; port: number | undefined } {
  try {
    const { values, positionals } = parseArgs({
      allowPositionals: true,
      options: { port: { type: 'string' } },
    });
    const [name] = positionals;
    if (name === undefined || positionals.length > 1) return usage('one family is expected');
    const port = values.port === undefined ? undefined : Number(values.port);
    if (port !== undefined && !(Number.isInteger(port) && port > 0 && port < 65_536))
      return usage(`not a port: ${values.port}`);
    return { name, port };
  } catch (error) {
    return usage(error instanceof Error ? error.message : String(error));
  }
}

async function readRows(): Promise<RowsFile> {
  const chunks: Buffer[] = [];
  for await (const chunk of process.stdin) chunks.push(chunk as Buffer);
  try {
    return JSON.parse(Buffer.concat(chunks).toString()) as RowsFile;
  } catch (error) {
    return usage(
      `standard input is no file of rows: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
}

const { name, port } = readArguments();
const module = new URL(`${name}.ts`, folder);
if (!/^[a-z]+$/.test(name) || !existsSync(fileURLToPath(module))) usage(`there is no family ${name}`);
const { run } = (await import(module.href)) as { run: Family };
const results = await run(await readRows(), { port });
process.stdout.write(`${JSON.stringify(results)}\n`, () => process.exit(0));

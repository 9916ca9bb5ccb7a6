#!/usr/bin/env node
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { declareMessages } from '../declarations.ts';
import { readSources } from '../source.ts';
import { TypeTable } from '../type-table.ts';

const USAGE = `usage: pbc-types [--folder DIR]… [--out FILE] FILE…

Writes TypeScript for the messages of .proto files and descriptor sets (.pb): an interface for each, and "Messages",
for createProtobuf<Messages>(skynet).

  --folder  where imports are looked for, before the importing file's own folder; may be given several times
  --out     where it is written; without it on standard output
`;

class UsageError extends Error {}

function main(): void {
  const { values, positionals } = readArguments();
  if (values.help === true) {
    process.stdout.write(USAGE);
    return;
  }
  if (positionals.length === 0) throw new UsageError('no file is given');
  const types = new TypeTable();
  for (const file of positionals)
    types.register((isRegistered) => readSources(file, { folders: values.folder ?? [], isRegistered }));
  const text = declareMessages(types, positionals.map((file) => path.basename(file)).join(', '));
  if (values.out === undefined) process.stdout.write(text);
  else writeFileSync(values.out, text);
}

function readArguments() {
  try {
    return parseArgs({
      allowPositionals: true,
      options: {
        folder: { type: 'string', multiple: true },
        out: { type: 'string' },
        help: { type: 'boolean', short: 'h' },
      },
    });
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

try {
  main();
} catch (error) {
  const why = error instanceof Error ? error.message : String(error);
  process.stderr.write(`pbc-types: ${why}\n${error instanceof UsageError ? USAGE : ''}`);
  process.exitCode = 1;
}

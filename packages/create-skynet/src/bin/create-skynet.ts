#!/usr/bin/env node
// Also read by versions of Node that can do nothing more than say that they are too old: no newer syntax than theirs.
import { fileURLToPath } from 'node:url';
import { tooOld } from '../node-version.ts';

const objection = tooOld(process.versions.node);
if (objection !== undefined) {
  console.error(`create-skynet: ${objection}`);
  process.exit(1);
}

import('../command.ts')
  .then(({ run }) =>
    run(process.argv.slice(2), {
      folder: process.cwd(),
      // As far from the built file as from this one.
      home: fileURLToPath(new URL('../..', import.meta.url)),
    }),
  )
  .then(
    (code) => {
      process.exitCode = code;
    },
    (error: unknown) => {
      console.error(`create-skynet: ${error instanceof Error ? error.stack : String(error)}`);
      process.exitCode = 1;
    },
  );

import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { BOOK, chapters, transcriptsOf } from './book.ts';
import { readTranscript } from './transcript.ts';

const DOCS = path.resolve(import.meta.dirname, '../../../../docs');

/** First cells of the rows of the tables below a heading. */
function firstCells(file: string, heading: string): string[] {
  const section = readFileSync(path.join(DOCS, file), 'utf8').split(`${heading}\n`)[1] ?? '';
  return [...section.matchAll(/^\| `([\w-]+)` \|/gm)].map(([, cell]) => cell as string);
}

test('docs/transcripts.md lists the deliberate differences that transcripts use, and no others', () => {
  const used = new Set(
    chapters()
      .flatMap(transcriptsOf)
      .flatMap((file) => [...readTranscript(file).differences]),
  );
  expect(firstCells('transcripts.md', '## Deliberate differences').sort()).toEqual([...used].sort());
});

test('docs/book.md lists every example, and no others', () => {
  const examples = chapters().flatMap((chapter) =>
    readdirSync(path.join(BOOK, chapter))
      .filter((name) => name.endsWith('.ts'))
      .map((name) => `${chapter}/${name.slice(0, -3)}`),
  );
  const listed = readFileSync(path.join(DOCS, 'book.md'), 'utf8').match(/\bch\d\d\/\w+/g) ?? [];
  expect([...new Set(listed)].sort()).toEqual(examples.sort());
});

// Takes out of every dist what an earlier build left: declarations whose source is gone, chunks nobody imports, maps of
// files that are gone.
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';

const SPECIFIER = /["']\.{1,2}\/[^"'\n]*?([^"'/\n]+\.js)["']/g;

for (const name of readdirSync('packages')) {
  const dist = path.join('packages', name, 'dist');
  if (!existsSync(dist)) continue;
  const files = readdirSync(dist, { recursive: true, encoding: 'utf8' });
  for (const file of files) {
    const stem = /^(.*)\.d\.ts(?:\.map)?$/.exec(file)?.[1];
    if (stem !== undefined && !existsSync(path.join('packages', name, 'src', `${stem}.ts`)))
      rmSync(path.join(dist, file));
  }
  // `chunk-ABCD1234.js`, what a dynamic import has brought (`node-ABCD1234.js`), and chunks that were joined.
  const chunks = new Set(files.filter((file) => /^(?:[\w-]+-[A-Z\d]{8}|joined-\w+)\.js$/.test(file)));
  const isFresh = (file) =>
    existsSync(path.join('packages', name, 'src', file.replace(/js$/, 'ts'))) &&
    !files.includes(file.replace(/js$/, 'cjs'));
  const entries = files.filter((file) => file.endsWith('.js') && !chunks.has(file));
  const used = new Set();
  for (const waiting = entries.filter(isFresh); waiting.length > 0; ) {
    const text = readFileSync(path.join(dist, waiting.pop()), 'utf8');
    for (const [, chunk] of text.matchAll(SPECIFIER)) {
      if (!chunks.has(chunk) || used.has(chunk)) continue;
      used.add(chunk);
      waiting.push(chunk);
    }
  }
  for (const chunk of chunks) if (!used.has(chunk)) rmSync(path.join(dist, chunk));
  // Entries whose source is gone, and maps without their file.
  for (const file of entries) if (!isFresh(file)) rmSync(path.join(dist, file));
  for (const file of files)
    if (file.endsWith('.js.map') && !existsSync(path.join(dist, file.slice(0, -4))))
      rmSync(path.join(dist, file));
}

// node scripts/manifests.mjs: writes into the package.json of every package what all of them say: where the sources and the
// issues are, who made it, what it runs on, which versions of @skynet/core it goes with. With --check it tells what is missing.
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { root } from './bootstrap.mjs';

/** Words under which npm finds any of them. */
const KEYWORDS = ['skynet', 'actor', 'game-server', 'realtime'];
/**
 * Packages work with every core below 1.0 from the one on that they were released with: `scripts/release.mjs` raises the lower
 * end. A caret would make changesets take each minor version of core for the end of all others, and release them as 1.0.
 */
const CORE = /^workspace:>=\d+\.\d+\.\d+ <1\.0\.0$/;
const FIRST_CORE = 'workspace:>=0.1.0 <1.0.0';

const readJson = (file) => JSON.parse(readFileSync(file, 'utf8'));

/** A manifest as it is to be. */
function complete(manifest, name, { repository, author, license, engines }) {
  const url = repository.url.replace(/^git\+|\.git$/g, '');
  const core = manifest.peerDependencies?.['@skynet/core'];
  const all = {
    ...manifest,
    author,
    license,
    engines,
    keywords: [...new Set([...KEYWORDS, name, ...(manifest.keywords ?? [])])],
    homepage: `${url}/tree/main/packages/${name}#readme`,
    bugs: { url: `${url}/issues` },
    repository: { ...repository, directory: `packages/${name}` },
  };
  if (core !== undefined && !CORE.test(core))
    all.peerDependencies = { ...manifest.peerDependencies, '@skynet/core': FIRST_CORE };
  const { name: own, version, description, ...rest } = all;
  const {
    keywords,
    homepage,
    bugs,
    repository: place,
    author: maker,
    license: terms,
    type,
    engines: runsOn,
    ...others
  } = rest;
  const head = { keywords, homepage, bugs, repository: place, author: maker, license: terms };
  return { name: own, version, description, ...head, type, engines: runsOn, ...others };
}

/** Manifests that are not as they are to be: file, and text. */
export function incomplete() {
  const top = readJson(path.join(root, 'package.json'));
  return readdirSync(path.join(root, 'packages'))
    .map((name) => [name, path.join(root, 'packages', name, 'package.json')])
    .filter(([, file]) => existsSync(file))
    .map(([name, file]) => [file, `${JSON.stringify(complete(readJson(file), name, top), undefined, 2)}\n`])
    .filter(([file, text]) => readFileSync(file, 'utf8') !== text);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const found = incomplete();
  const isCheck = process.argv.includes('--check');
  for (const [file, text] of found) {
    if (!isCheck) writeFileSync(file, text);
    console.log(`${isCheck ? 'incomplete' : 'completed'}: ${path.relative(root, file)}`);
  }
  process.exitCode = isCheck && found.length > 0 ? 1 : 0;
}

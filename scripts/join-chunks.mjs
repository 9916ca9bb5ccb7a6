// Joins the chunks that every thread of a node loads when it starts into few files: each file takes a thread about half a
// millisecond. An entry that did without most of them still does.
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { build } from 'esbuild';

const DIST = 'packages/core/dist';

/** `import { a as b } from "./chunk-ABCD1234.js"`, as esbuild writes it. */
const IMPORT = /^import (?:\{([^}]*)\} from )?"((?:\.{1,2}\/)+)(chunk-[A-Z\d]{8}\.js)";$/gm;
const EXPORT = /^export \{([^}]*)\};$/m;

const read = (file) => readFileSync(path.join(DIST, file), 'utf8');

/** The chunks that these files import, directly or not. */
function chunksOf(files) {
  const chunks = new Set();
  const add = (file) => {
    for (const [, , , chunk] of read(file).matchAll(IMPORT)) {
      if (chunks.has(chunk)) continue;
      chunks.add(chunk);
      add(chunk);
    }
  };
  files.forEach(add);
  return chunks;
}

/** The name that an export of a chunk has in the joined file. */
const joinedName = (chunk, name) => `${name}_${chunk.slice('chunk-'.length, -'.js'.length)}`;

/** Joins what these files import into `joined-<name>.js`, and has everybody import that. */
async function join(name, files) {
  const chunks = chunksOf(files);
  const joined = `joined-${name}.js`;
  const contents = [...chunks].map((chunk) => {
    const names = EXPORT.exec(read(chunk))?.[1]?.match(/[\w$]+(?=\s*(?:,|$))/g) ?? [];
    return `export { ${names.map((each) => `${each} as ${joinedName(chunk, each)}`)} } from './${chunk}';`;
  });
  await build({
    stdin: { contents: contents.join('\n'), resolveDir: DIST },
    outfile: path.join(DIST, joined),
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    packages: 'external',
    sourcemap: true,
    sourcesContent: false,
    logLevel: 'error',
    plugins: [
      {
        name: 'other files stay apart',
        setup: ({ onResolve }) => {
          onResolve({ filter: /^\./ }, ({ path: file }) =>
            chunks.has(path.basename(file)) ? undefined : { path: file, external: true },
          );
        },
      },
    ],
  });
  for (const chunk of chunks) for (const file of [chunk, `${chunk}.map`]) rmSync(path.join(DIST, file));
  for (const file of readdirSync(DIST, { recursive: true, encoding: 'utf8' })) {
    if (!file.endsWith('.js') || file === joined) continue;
    const text = read(file);
    // As many lines as before: source maps hold.
    const changed = text.replace(IMPORT, (whole, list, folder, chunk) => {
      if (!chunks.has(chunk)) return whole;
      const renamed = list?.replace(
        /([\w$]+)(?: as ([\w$]+))?/g,
        (_, from, to = from) => `${joinedName(chunk, from)} as ${to}`,
      );
      return `import ${renamed === undefined ? '' : `{${renamed}} from `}"${folder}${joined}";`;
    });
    if (changed !== text) writeFileSync(path.join(DIST, file), changed);
  }
}

// What needs nothing of Node, so that it runs in browsers too.
await join('vocabulary', ['crypt/index.js', 'netpack/index.js', 'channel/index.js', 'options.js']);
// The command, up to where its threads start: what it imports then, and what it does later.
const [, command = ''] = /import\("\.\.\/(run-node-[A-Z\d]{8}\.js)"\)/.exec(read('bin/skynet.js')) ?? [];
await join('begin', [command]);
await join('transport', ['transport/index.js']);
await join('start', ['index.js', 'node/worker-main.js']);

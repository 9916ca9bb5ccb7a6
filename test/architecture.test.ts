import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { CORE_LAYERS, circles, importsOf, importViolations, nameViolations } from './import-rules.ts';

const root = path.resolve(import.meta.dirname, '..');

interface Manifest {
  name: string;
  exports?: Record<string, string | { '@skynet/source'?: string }>;
  publishConfig?: { exports?: object };
  dependencies?: Record<string, string>;
  peerDependencies?: Record<string, string>;
  devDependencies?: Record<string, string>;
}

const packages = readdirSync(path.join(root, 'packages')).filter((name) =>
  existsSync(path.join(root, 'packages', name, 'package.json')),
);

function manifestOf(name: string): Manifest {
  return JSON.parse(readFileSync(path.join(root, 'packages', name, 'package.json'), 'utf8')) as Manifest;
}

function filesUnder(folder: string): [file: string, text: string][] {
  if (!existsSync(path.join(root, folder))) return [];
  return readdirSync(path.join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => path.posix.join(folder, name.split(path.sep).join('/')))
    .map((file) => [file, readFileSync(path.join(root, file), 'utf8')]);
}

const sources = new Map(packages.flatMap((name) => filesUnder(`packages/${name}/src`)));

/** Files that tell when something was, or compare with what others have told. */
const TELL_THE_TIME = [
  'packages/core/src/bin/pid-file.ts',
  'packages/harbor/src/cluster/remote-node.ts',
  'packages/harbor/src/harbor/links.ts',
  'packages/harbor/src/harbor/slave.ts',
  'packages/harbor/src/mesh/ways.ts',
  'packages/http/src/server/reply.ts',
  'packages/snax/src/contract.ts',
  'packages/snax/src/version-store.ts',
];

function entriesOf(name: string): string[] {
  return Object.values(manifestOf(name).exports ?? {})
    .map((entry) => (typeof entry === 'string' ? undefined : entry['@skynet/source']))
    .filter((file) => file !== undefined)
    .map((file) => path.posix.join('packages', name, file));
}

describe('the repository', () => {
  test.each(packages)('what %s gives when it is installed is what it gives here', (name) => {
    const { exports, publishConfig } = manifestOf(name);
    const published = JSON.parse(
      JSON.stringify(exports, (key, value) => (key === '@skynet/source' ? undefined : value)),
    );
    expect(publishConfig?.exports ?? exports).toEqual(published);
  });

  test('imports point one way', () => {
    expect(sources.size).toBeGreaterThan(50);
    expect(importViolations(sources).join('\n')).toBe('');
  });

  test.each([
    'core',
    'gateserver',
    'harbor',
    'http',
    'loginserver',
    'msgserver',
    'mysql',
    'pbc',
    'player',
    'redis',
    'snax',
    'socket',
  ])('no file of %s is in a circle', (name) => {
    const own = new Map(filesUnder(`packages/${name}/src`));
    expect(circles(own).map((files) => files.join(' -> '))).toEqual([]);
  });

  test('files are named after one noun and stand where they are looked for', () => {
    expect(nameViolations(sources, new Set(packages.flatMap(entriesOf))).join('\n')).toBe('');
  });

  test('spans of time are not measured by the clock of the day, which may be moved', () => {
    const users = [...sources].filter(([, text]) => text.includes('Date.now()')).map(([file]) => file);
    expect(users.sort()).toEqual(TELL_THE_TIME);
  });

  test('every place in the table of layers exists', () => {
    const stems = [...sources.keys()]
      .filter((file) => file.startsWith('packages/core/src/'))
      .map((file) => file.slice('packages/core/src/'.length).replace(/\.ts$/, ''));
    const places = CORE_LAYERS.flatMap(([, names]) => names);
    const isThere = (place: string): boolean =>
      place.endsWith('/*')
        ? stems.some((stem) => stem.startsWith(place.slice(0, -1)))
        : stems.includes(place);
    expect(places.filter((place) => !isThere(place))).toEqual([]);
  });

  test('a package is published with @skynet/core as its peer and no other of the family', () => {
    // The scaffold is no part of what it makes.
    for (const name of packages.filter((each) => each !== 'create-skynet')) {
      const { dependencies, peerDependencies } = manifestOf(name);
      const family = Object.keys({ ...dependencies, ...peerDependencies }).filter((key) =>
        key.startsWith('@skynet/'),
      );
      expect({ name, family }).toEqual({ name, family: name === 'core' ? [] : ['@skynet/core'] });
    }
  });

  test('manifests say what all say: "node scripts/manifests.mjs" writes it', async () => {
    const script = path.join(root, 'scripts/manifests.mjs');
    const { incomplete } = (await import(script)) as { incomplete(): [file: string, text: string][] };
    expect(incomplete().map(([file]) => path.relative(root, file))).toEqual([]);
  });

  test('links of documents lead to files that are there', () => {
    const documents = [
      ...['README.md', 'ARCHITECTURE.md', 'CONTRIBUTING.md', 'SECURITY.md'],
      ...readdirSync(path.join(root, 'docs')).map((name) => `docs/${name}`),
      ...packages.map((name) => `packages/${name}/README.md`),
    ].filter((file) => file.endsWith('.md'));
    const dead = documents.flatMap((file) =>
      [...readFileSync(path.join(root, file), 'utf8').matchAll(/\]\(([^)\s#]+)(?:#[^)\s]*)?\)/g)]
        .map(([, link = '']) => link)
        .filter((link) => !/^[a-z]+:/.test(link))
        .filter((link) => !existsSync(path.resolve(root, path.dirname(file), link)))
        .map((link) => `${file}: ${link}`),
    );
    expect(dead).toEqual([]);
  });

  test('tests and benches meet other packages only by declared names', () => {
    const strangers = packages.flatMap((name) => {
      const declared = [
        '@skynet/core',
        ...Object.keys(manifestOf(name).devDependencies ?? {}),
        `@skynet/${name}`,
      ];
      return ['test', 'bench']
        .flatMap((folder) => filesUnder(`packages/${name}/${folder}`))
        .flatMap(([file, text]) => importsOf(text).map((specifier) => ({ file, specifier })))
        .filter(({ specifier }) => specifier.startsWith('@skynet/'))
        .filter(({ specifier }) => !declared.some((key) => `${specifier}/`.startsWith(`${key}/`)))
        .map(({ file, specifier }) => `${file} imports ${specifier}`);
    });
    expect(strangers.join('\n')).toBe('');
  });

  test('every entry point that a manifest names exists, once a package has sources', () => {
    const begun = packages.filter((name) => existsSync(path.join(root, 'packages', name, 'src')));
    expect(begun.flatMap(entriesOf).filter((file) => !existsSync(path.join(root, file)))).toEqual([]);
  });
});

describe('the rules', () => {
  const check = (files: Record<string, string>): string[] => importViolations(new Map(Object.entries(files)));
  const core = (stem: string): string => `packages/core/src/${stem}.ts`;

  test('imports are found in every form, types included, comments left out', () => {
    const text = [
      "import { a } from './a.ts';",
      "import type {\n  B,\n} from './b.ts';",
      "import './c.ts';",
      "export { d } from './d.ts';",
      "const e = await import('./e.ts');",
      "// import './f.ts';",
      "/* import './g.ts'; */",
    ].join('\n');
    expect(importsOf(text).sort()).toEqual(['./a.ts', './b.ts', './c.ts', './d.ts', './e.ts']);
  });

  test.each([
    ['actor/mailbox', 'actor/service', 'stands below'],
    ['errors', 'codec/value', 'stands below'],
    ['threads/link', 'node/node', 'stands below'],
    ['actor/service', 'transport/tcp', 'does not know transport'],
    ['threads/link', 'netpack/index', 'does not know netpack'],
    ['crypt/index', 'actor/mailbox', 'vocabulary alone'],
    ['netpack/index', 'crypt/index', 'vocabulary alone'],
    ['stranger', 'errors', 'place is missing'],
  ])('core: %s must not import %s', (from, to, why) => {
    const up = '../'.repeat(from.split('/').length - 1) || './';
    const found = check({ [core(from)]: `import '${up}${to}.ts';`, [core(to)]: '' });
    expect(found).toEqual([expect.stringContaining(why)]);
  });

  test.each([
    ['actor/service', 'actor/mailbox'],
    ['threads/link', 'codec/value'],
    ['services/logger', 'kernel'],
    ['node/node', 'transport/tcp'],
    ['transport/tcp', 'transport/contract'],
    ['transport/tcp', 'errors'],
    ['testing/index', 'transport/memory'],
  ])('core: %s may import %s', (from, to) => {
    const up = '../'.repeat(from.split('/').length - 1) || './';
    expect(check({ [core(from)]: `import '${up}${to}.ts';`, [core(to)]: '' })).toEqual([]);
  });

  test('circles are found, those of types too', () => {
    const files = {
      a: "import type { B } from './b.ts';",
      b: "export { c } from './c.ts';",
      c: "import './b.ts';",
    };
    const paths = Object.entries(files).map(([stem, text]) => [core(stem), text] as const);
    expect(circles(new Map(paths))).toEqual([[core('b'), core('c')]]);
  });

  test('packages: core by its name, nothing of one another', () => {
    const file = 'packages/gateserver/src/index.ts';
    expect(check({ [file]: "import '@skynet/core/kernel';" })).toEqual([]);
    expect(check({ [file]: "import '@skynet/socket';" })).toEqual([
      expect.stringContaining('@skynet/core alone'),
    ]);
    expect(check({ [file]: "import '../../core/src/errors.ts';" })).toEqual([
      expect.stringContaining('leaves'),
    ]);
    expect(check({ [core('node/node')]: "import '@skynet/core';" })).toEqual([
      expect.stringContaining('relative'),
    ]);
  });

  test('names', () => {
    const bad = [
      'socket/src/utils.ts',
      'socket/src/a/b/c/d.ts',
      'socket/src/readBuffer.ts',
      'socket/src/a/index.ts',
    ];
    const files = new Map(bad.map((file) => [`packages/${file}`, '']));
    files.set('packages/socket/src/index.ts', "export * from './socket.ts';");
    expect(nameViolations(files, new Set(['packages/socket/src/index.ts']))).toEqual([
      expect.stringContaining('without a noun'),
      expect.stringContaining('deeper'),
      expect.stringContaining('kebab-case'),
      expect.stringContaining('only entry points'),
      expect.stringContaining('one by one'),
    ]);
  });
});

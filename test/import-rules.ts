import path from 'node:path';

/** Source files by path from the top of the repository, `packages/<name>/src/…`. */
export type Sources = ReadonlyMap<string, string>;

/** Layers of `@skynet/core`, lowest first. A file imports from its own layer and from those below. */
export const CORE_LAYERS: readonly (readonly [name: string, places: readonly string[]])[] = [
  [
    'vocabulary',
    [
      'errors',
      'handle',
      'protocol',
      'message',
      'duration',
      'nearest',
      'session-map',
      'secret',
      'options',
      'define',
      'left-over',
      'mailbox-limit',
      'contracts/*',
      // Entry points write log lines too.
      'log/printable',
      // What of the transports needs no socket.
      'transport/address-table',
      'transport/contract',
      'transport/transports',
      'transport/connection-table',
      'transport/payload',
      'transport/write-batch',
    ],
  ],
  [
    'parts that stand alone',
    [
      'env',
      'typescript',
      'module-hooks-main',
      'module-graph',
      'stack',
      'config/lua',
      'config/spelling',
      'codec/*',
      'log/*',
      'route/*',
      'schedule/*',
      'actor/call-group',
      'actor/commands',
      'actor/critical-section',
      'actor/failure',
      'actor/mailbox',
      'actor/pending',
      'actor/protocol-table',
      'actor/session-table',
      'actor/timer',
    ],
  ],
  ['one thread', ['actor/*', 'config/*', 'kernel']],
  ['many threads', ['threads/*']],
  ['services', ['services/*', 'console/*', 'supervision/*']],
  ['node', ['node/*']],
  ['entry', ['index', 'bin/*']],
];

/** Entry points of their own: beside the layers, built on the vocabulary and on the entry points and layers listed here. */
export const CORE_ENTRY_POINTS: Readonly<Record<string, readonly string[]>> = {
  netpack: [],
  crypt: [],
  channel: [],
  transport: [],
  ws: ['transport', 'crypt'],
  adopt: ['one thread', 'parts that stand alone'],
  sharedata: ['one thread', 'parts that stand alone'],
  multicast: ['services', 'one thread', 'parts that stand alone'],
  // Starts nodes for tests, so it stands above everything.
  testing: ['transport', 'netpack', 'node', 'one thread', 'parts that stand alone'],
};

/** Layers that put a node together may also use an entry point: they give the kernel its transports. */
const ASSEMBLY: readonly string[] = ['node', 'entry'];

const WITHOUT_NOUN = /^(utils?|helpers?|common|misc|shared)$/;
const IMPORT =
  /^[ \t]*(?:import|export)\b[^'";]*?\bfrom\s*['"]([^'"]+)['"]|^[ \t]*import\s*['"]([^'"]+)['"]|\bimport\s*\(\s*['"]([^'"]+)['"]/gm;

/** Specifiers that a module imports or re-exports, types included. */
export function importsOf(text: string): string[] {
  const code = text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/^[ \t]*\/\/.*$/gm, '');
  return [...code.matchAll(IMPORT)].map((match) => match[1] ?? match[2] ?? match[3] ?? '');
}

/** Layer of a file of core, by the most exact place in the table; undefined if it has none. */
function layerOf(stem: string): number | undefined {
  const folder = `${path.posix.dirname(stem)}/*`;
  const exact = CORE_LAYERS.findIndex(([, places]) => places.includes(stem));
  if (exact >= 0) return exact;
  const wide = CORE_LAYERS.findIndex(([, places]) => places.includes(folder));
  return wide >= 0 ? wide : undefined;
}

function layerName(layer: number): string {
  return CORE_LAYERS[layer]?.[0] ?? '';
}

function entryPointOf(stem: string): string | undefined {
  const folder = stem.split('/')[0] ?? '';
  return layerOf(stem) === undefined && Object.hasOwn(CORE_ENTRY_POINTS, folder) ? folder : undefined;
}

/** Why one file of core must not import another; undefined if it may. Both without `src/` and ending. */
function coreObjection(from: string, to: string): string | undefined {
  const source = entryPointOf(from);
  const target = entryPointOf(to);
  const fromLayer = layerOf(from);
  const toLayer = layerOf(to);
  if (source !== undefined) {
    if (target === source || toLayer === 0) return undefined;
    const below = target ?? (toLayer === undefined ? '' : layerName(toLayer));
    if (CORE_ENTRY_POINTS[source]?.includes(below)) return undefined;
    return `${source} is built on the vocabulary alone`;
  }
  if (fromLayer === undefined) return 'its place is missing in the table of layers';
  if (target !== undefined) {
    return ASSEMBLY.includes(layerName(fromLayer)) ? undefined : `the kernel does not know ${target}`;
  }
  if (toLayer === undefined) return 'the place of what it imports is missing in the table of layers';
  if (toLayer <= fromLayer) return undefined;
  return `"${layerName(fromLayer)}" stands below "${layerName(toLayer)}"`;
}

/** Every import that goes in a forbidden direction, as a sentence. */
export function importViolations(sources: Sources): string[] {
  const found: string[] = [];
  for (const [file, text] of sources) {
    const [, name = '', ...rest] = file.split('/');
    const root = `packages/${name}/src/`;
    const stem = rest.slice(1).join('/').replace(/\.ts$/, '');
    for (const specifier of importsOf(text)) {
      const complain = (why: string): void => {
        found.push(`${file} imports ${specifier}: ${why}`);
      };
      if (specifier.startsWith('.')) {
        const target = path.posix.join(path.posix.dirname(file), specifier);
        if (!target.startsWith(root)) complain('it leaves the package');
        else if (!target.endsWith('.ts')) complain('relative imports end in .ts');
        else if (!sources.has(target)) complain('no such file');
        else if (name === 'core') {
          const why = coreObjection(stem, target.slice(root.length).replace(/\.ts$/, ''));
          if (why !== undefined) complain(why);
        }
      } else if (specifier.startsWith('@skynet/')) {
        if (name === 'core') complain('core imports itself by relative paths');
        else if (!/^@skynet\/core(\/|$)/.test(specifier)) complain('a package knows @skynet/core alone');
      }
    }
  }
  return found;
}

/** Circles of imports, types included: the files of each, in the order of their imports. */
export function circles(sources: Sources): string[][] {
  const found: string[][] = [];
  const done = new Set<string>();
  const visit = (file: string, way: readonly string[]): void => {
    const at = way.indexOf(file);
    if (at >= 0) found.push(way.slice(at));
    if (at >= 0 || done.has(file)) return;
    for (const specifier of importsOf(sources.get(file) ?? '')) {
      const target = path.posix.join(path.posix.dirname(file), specifier);
      if (specifier.startsWith('.') && sources.has(target)) visit(target, [...way, file]);
    }
    done.add(file);
  };
  for (const file of sources.keys()) visit(file, []);
  return found;
}

/**
 * Every file in the wrong place or under the wrong name, as a sentence.
 * @param entries - the files that manifests name as entry points
 */
export function nameViolations(sources: Sources, entries: ReadonlySet<string>): string[] {
  const found: string[] = [];
  for (const [file, text] of sources) {
    const below = file.split('/').slice(3);
    const names = below.map((part) => part.replace(/\.ts$/, ''));
    if (below.length > 3) found.push(`${file}: deeper than two folders under src`);
    if (names.some((part) => WITHOUT_NOUN.test(part))) found.push(`${file}: a name without a noun`);
    if (names.some((part) => !/^[a-z0-9]+(-[a-z0-9]+)*$/.test(part)))
      found.push(`${file}: not in kebab-case`);
    if (names.at(-1) === 'index') {
      if (!entries.has(file)) found.push(`${file}: only entry points are called index.ts`);
      if (/^export \* /m.test(text)) found.push(`${file}: an entry point lists its names one by one`);
    }
  }
  return found;
}

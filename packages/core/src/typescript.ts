import { existsSync, readFileSync } from 'node:fs';
import { register } from 'node:module';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { SkynetError } from './errors.ts';

const ENDINGS = ['.ts', '.mts', '.js', '.mjs', '/index.ts', '/index.js', '/index.mjs'];

/** What Node itself says of TypeScript that needs more than its types taken out, or imports that leave out the ending. */
const NEEDS_MORE =
  /^ERR_(UNSUPPORTED_TYPESCRIPT_SYNTAX|INVALID_TYPESCRIPT_SYNTAX|MODULE_NOT_FOUND|UNSUPPORTED_DIR_IMPORT)$/;

let tsx: Promise<void> | undefined;
let hasHooks = false;
/** Modules with hooks of others. */
const added = new Set<string>();

/** The files that a location without an ending may mean, best first. */
export function candidatesOf(location: string): string[] {
  return ENDINGS.map((ending) => location + ending);
}

/** The file of a module, whose ending may be left out. */
export function findModule(location: string): string | undefined {
  return (path.extname(location) === '' ? candidatesOf(location) : [location]).find((file) =>
    existsSync(file),
  );
}

/**
 * Imports a module, TypeScript too: Node takes the types out by itself from 22.18 on, and what needs more (enums,
 * parameter properties, imports without endings) is done by `tsx` where that is installed, on every version alike. `tsx`
 * takes `.ts` files for ES modules only where package.json says so.
 * @param version - the same file under another version is another module, and so is what it imports by relative paths.
 * @throws ERR_SERVICE_MODULE, and what the module throws.
 */
export async function importModule(file: string, version = ''): Promise<unknown> {
  const url = pathToFileURL(file);
  if (version !== '') {
    useHooks();
    url.searchParams.set('version', version);
  }
  if (!/\.m?ts$/.test(file)) return import(url.href);
  if (!(process.features as { typescript?: unknown }).typescript) {
    await mustHaveTsx(file);
    return import(url.href);
  }
  try {
    return await import(url.href);
  } catch (error) {
    if (!needsMore(error) || !isModuleFolder(path.dirname(file)) || !(await hasTsx())) throw error;
    // Under this name Node has refused it already.
    url.searchParams.set('with', 'tsx');
    return import(url.href);
  }
}

function needsMore(error: unknown): boolean {
  return (
    error instanceof SyntaxError || NEEDS_MORE.test(String((error as { code?: unknown } | undefined)?.code))
  );
}

/** From here on a version reaches imports. In the sources, as tests run them, it does not. */
function useHooks(): void {
  if (hasHooks || import.meta.url.endsWith('.ts')) return;
  hasHooks = true;
  register('./module-hooks-main.js', import.meta.url);
}

/** Has Node load modules through the hooks of a module; once for each. */
export function addHooks(url: string): void {
  if (added.has(url)) return;
  added.add(url);
  register(url);
}

function useTsx(): Promise<void> {
  tsx ??= import('tsx/esm/api').then(({ register: registerTsx }) => {
    registerTsx();
    // The last ones come first, and see what those before them have made.
    for (const url of added) register(url);
  });
  return tsx;
}

function hasTsx(): Promise<boolean> {
  return useTsx().then(
    () => true,
    () => false,
  );
}

async function mustHaveTsx(file: string): Promise<void> {
  if (file.endsWith('.ts') && !isModuleFolder(path.dirname(file))) {
    const text = `${file} is no ES module: it needs "type": "module" in a package.json beside or above it, or the ending .mts`;
    throw new SkynetError('ERR_SERVICE_MODULE', text, { details: { file } });
  }
  try {
    await useTsx();
  } catch (error) {
    tsx = undefined;
    const text = `Node.js ${process.versions.node} runs TypeScript only with the package tsx: install it, or build the services`;
    throw new SkynetError('ERR_SERVICE_MODULE', text, { cause: error, details: { file } });
  }
}

/** Whether the nearest package.json makes files modules. */
function isModuleFolder(folder: string): boolean {
  const manifest = path.join(folder, 'package.json');
  if (existsSync(manifest))
    return (JSON.parse(readFileSync(manifest, 'utf8')) as { type?: unknown }).type === 'module';
  const above = path.dirname(folder);
  return above !== folder && isModuleFolder(above);
}

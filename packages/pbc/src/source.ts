import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import protobuf from 'protobufjs';
import descriptor, { type IFileDescriptorProto } from 'protobufjs/ext/descriptor.js';
import { pbcError } from './errors.ts';
import { wellKnownFile } from './well-known.ts';

/** One file of definitions, as text of a .proto file or as a descriptor (in base64). Plain, so that it can be passed on. */
export type Source = {
  readonly name: string;
  /** The same for the same definitions, whatever the file is called and whatever is said about them. */
  readonly key: string;
} & ({ readonly text: string } | { readonly descriptor: string });

/** Where imports are looked for. */
export interface ImportPlaces {
  /** Folders, tried in this order, and after them the importing file's own. */
  readonly folders: readonly string[];
  /** Whether a file of that name is registered already. */
  isRegistered(name: string): boolean;
}

function keyOf(definitions: string | Uint8Array): string {
  return createHash('sha1').update(definitions).digest('base64');
}

/** Text of a .proto file into the types of a root. Returns the names of the files it imports. */
export function parseProto(text: string, root: protobuf.Root): string[] {
  const { imports = [], weakImports = [] } = protobuf.parse(exactDefaults(text), root, { keepCase: true });
  // Weak ones may be missing; what does not come with the package counts as missing.
  return [...imports, ...weakImports.filter((file) => wellKnownFile(file) !== undefined)];
}

/** Name of the option in which {@link parseProto} leaves the digits of a default that the parser rounds. */
export const EXACT_DEFAULT = '(skynet.exact_default)';

/** Repeats defaults that are large whole numbers as text. */
function exactDefaults(text: string): string {
  return text.replace(
    /\bdefault\s*=\s*(-?)(\d{16,}|0[xX][\da-fA-F]{12,})(?=\s*[,\]])/g,
    (all, sign: string, digits: string) => {
      const isOctal = /^0[0-7]+$/.test(digits);
      const number = BigInt(isOctal ? `0o${digits.slice(1)}` : digits);
      return `${all}, ${EXACT_DEFAULT} = "${sign}${number}"`;
    },
  );
}

/** Reads a file and what it imports, imports first. @throws ERR_PBC_FILE, ERR_PBC_SCHEMA. */
export function readSources(file: string, places: ImportPlaces): Source[] {
  const bytes = readBytes(file);
  return file.endsWith('.proto')
    ? textSources(path.basename(file), bytes.toString(), path.dirname(file), places)
    : descriptorSources(bytes, path.basename(file), places);
}

function readBytes(file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw pbcError('ERR_PBC_FILE', `cannot read ${file}: ${why}`, { cause, details: { file } });
  }
}

/**
 * Text of a .proto file and of what it imports, imports first.
 * @param folder - where the file stands, if it is one.
 */
export function textSources(
  name: string,
  text: string,
  folder: string | undefined,
  places: ImportPlaces,
): Source[] {
  const found: Source[] = [];
  const seen = new Set<string>([name]);
  const collect = (name: string, content: string, folder: string | undefined): void => {
    // A byte order mark is no part of the text.
    const text = content.replace(/^\ufeff/, '');
    const { imports, key } = outlineOf(name, text);
    for (const wanted of imports) {
      if (seen.has(wanted)) continue;
      seen.add(wanted);
      const wellKnown = wellKnownFile(wanted);
      const folders = folder === undefined ? places.folders : [...places.folders, folder];
      const file = folders.map((place) => path.resolve(place, wanted)).find(existsSync);
      if (wellKnown !== undefined) collect(wanted, wellKnown, undefined);
      else if (file !== undefined) collect(wanted, readBytes(file).toString(), path.dirname(file));
      else if (!places.isRegistered(wanted)) throw importError(wanted, name, folders);
    }
    found.push({ name, key, text });
  };
  collect(name, text, folder);
  return found;
}

/** What a text imports, and the key of what it defines, comments left out. */
function outlineOf(name: string, text: string): { imports: string[]; key: string } {
  const root = new protobuf.Root();
  try {
    const imports = parseProto(text, root);
    return { imports, key: keyOf(JSON.stringify([imports, root.toJSON()])) };
  } catch (cause) {
    throw schemaError(name, cause);
  }
}

function importError(wanted: string, name: string, folders: readonly string[]): Error {
  const where = folders.length === 0 ? '' : ` (looked in ${folders.join(', ')})`;
  return pbcError('ERR_PBC_FILE', `${name} imports ${wanted}, which was not found${where}`, {
    details: { file: wanted },
  });
}

/** The files of a descriptor set, as `protoc --descriptor_set_out` writes it. @throws ERR_PBC_SCHEMA. */
export function descriptorSources(bytes: Uint8Array, title: string, places: ImportPlaces): Source[] {
  const files = filesOf(bytes, title);
  const names = new Set(files.map(({ name = '' }) => name));
  const found: Source[] = [];
  const addWellKnown = (name: string): boolean => {
    const text = wellKnownFile(name);
    if (text === undefined || places.isRegistered(name)) return text !== undefined;
    const known = textSources(name, text, undefined, places);
    for (const source of known) if (!found.some((other) => other.name === source.name)) found.push(source);
    return true;
  };
  for (const file of files) {
    for (const wanted of file.dependency ?? []) if (!names.has(wanted)) addWellKnown(wanted);
    // A set may bring files of Google's own that stand here already.
    if (addWellKnown(file.name ?? '')) continue;
    // Where in the text something stood.
    delete file.sourceCodeInfo;
    const bytes = descriptor.FileDescriptorProto.encode(file).finish();
    found.push({
      name: file.name ?? title,
      key: keyOf(bytes),
      descriptor: Buffer.from(bytes).toString('base64'),
    });
  }
  return found;
}

/** A file in a descriptor set, with the part that the library does not describe. */
type DescribedFile = IFileDescriptorProto & { readonly dependency?: readonly string[] };

function filesOf(bytes: Uint8Array, title: string): DescribedFile[] {
  let file: DescribedFile[] | undefined;
  try {
    ({ file } = descriptor.FileDescriptorSet.decode(bytes) as unknown as { file?: DescribedFile[] });
  } catch (cause) {
    throw schemaError(title, cause);
  }
  if (file === undefined || file.length === 0)
    throw schemaError(title, new Error('there is no file in the descriptor set'));
  return file;
}

/** The error for definitions that cannot be used. */
export function schemaError(name: string, cause: unknown): Error {
  const why = cause instanceof Error ? cause.message : String(cause);
  return pbcError('ERR_PBC_SCHEMA', `${name}: ${why}`, { cause, details: { file: name } });
}

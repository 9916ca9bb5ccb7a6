import protobuf from 'protobufjs';
import descriptor, {
  type IDescriptorContext,
  type IDescriptorProto,
  type IFieldDescriptorProto,
  type IFileDescriptorProto,
} from 'protobufjs/ext/descriptor.js';
import { pbcError } from './errors.ts';
import { EXACT_DEFAULT, parseProto, type Source, schemaError } from './source.ts';

/** Types of fields, by their numbers in descriptors. */
const GROUP = 10;
const BYTES = 12;

/** Largest number of a field. */
const MAX_ID = 0x1fff_ffff;

/** Message types and enums by full name, built from sources. */
export class Schema {
  readonly #sources: Source[] = [];
  readonly #keys = new Set<string>();
  #root = new protobuf.Root();
  #messages = new Map<string, protobuf.Type>();
  #enums = new Map<string, protobuf.Enum>();

  message(name: string): protobuf.Type | undefined {
    return this.#messages.get(name);
  }

  enumeration(name: string): protobuf.Enum | undefined {
    return this.#enums.get(name);
  }

  /** Full names of all message types and enums. */
  get names(): { readonly messages: readonly string[]; readonly enums: readonly string[] } {
    return { messages: [...this.#messages.keys()], enums: [...this.#enums.keys()] };
  }

  /** Whether a file of that name is part of it. */
  has(file: string): boolean {
    return this.#sources.some(({ name }) => name === file);
  }

  /**
   * Adds definitions, all or none; those that are there already count as added.
   * @returns those that are new.
   * @throws ERR_PBC_SCHEMA, ERR_PBC_CONFLICT.
   */
  add(sources: readonly Source[]): Source[] {
    const fresh = sources.filter((source) => !this.#keys.has(source.key));
    if (fresh.length === 0) return fresh;
    let name = '';
    try {
      for (const source of fresh) {
        ({ name } = source);
        addTo(this.#root, source);
      }
      const extended = this.#settle();
      // The code of such a type is made already.
      if (extended) this.#build([...this.#sources, ...fresh]);
    } catch (error) {
      const known = this.#messages;
      const enums = this.#enums;
      this.#build(this.#sources);
      throw conflictIn(error, (full) => known.has(full) || enums.has(full), name) ?? schemaError(name, error);
    }
    this.#sources.push(...fresh);
    for (const source of fresh) this.#keys.add(source.key);
    return fresh;
  }

  /** Takes definitions back that were added last. */
  withdraw(sources: readonly Source[]): void {
    for (const source of sources) {
      this.#sources.splice(this.#sources.indexOf(source), 1);
      this.#keys.delete(source.key);
    }
    this.#build(this.#sources);
  }

  #build(sources: readonly Source[]): void {
    this.#root = new protobuf.Root();
    this.#messages = new Map();
    this.#enums = new Map();
    for (const source of sources) addTo(this.#root, source);
    this.#settle();
  }

  /** Resolves what was added to the root. Returns whether a type that was there before has new fields. */
  #settle(): boolean {
    const messages = new Map<string, protobuf.Type>();
    const enums = new Map<string, protobuf.Enum>();
    const extensions: protobuf.Field[] = [];
    collect(this.#root, messages, enums, extensions);
    const isKnown = (name: string): boolean => messages.has(name) || enums.has(name);
    for (const [name, type] of messages) {
      if (this.#messages.has(name)) continue;
      for (const field of type.fieldsArray) if (field.declaringField === null) settleField(field, isKnown);
    }
    let extended = false;
    for (const field of extensions) {
      const sister = settleExtension(field, isKnown);
      if (sister !== undefined && this.#messages.has(sister.fullName.slice(1))) extended = true;
    }
    this.#root.resolveAll();
    this.#messages = messages;
    this.#enums = enums;
    return extended;
  }
}

function addTo(root: protobuf.Root, source: Source): void {
  if ('text' in source) {
    parseProto(source.text, root);
    return;
  }
  const bytes = Buffer.from(source.descriptor, 'base64');
  const file = descriptor.FileDescriptorProto.decode(bytes) as IFileDescriptorProto & protobuf.Message;
  const context = contextOf(file);
  const space = file.package ? root.define(file.package) : root;
  completeFields(file.extension);
  for (const each of file.messageType ?? []) {
    completeMessage(each);
    const type = protobuf.Type.fromDescriptor(each, context);
    // A group of an extension; the library sees those of fields.
    if (
      file.extension?.some(
        ({ type: kind, typeName }) => kind === GROUP && typeName?.endsWith(`.${type.name}`),
      )
    )
      (type as protobuf.IType).group = true;
    space.add(type);
  }
  for (const each of file.enumType ?? []) space.add(protobuf.Enum.fromDescriptor(each, context));
  for (const each of file.extension ?? []) space.add(protobuf.Field.fromDescriptor(each, context));
}

/**
 * Refuses fields whose type the library does not know, as it would read them as something else. Defaults of bytes stand
 * in a descriptor as in the text of a .proto file.
 */
function completeFields(fields: readonly IFieldDescriptorProto[] | undefined): void {
  for (const field of fields ?? []) {
    if (!Object.hasOwn(field, 'type') && !field.typeName)
      throw new Error(`${field.name} is of an unknown type`);
    if (field.type === BYTES && field.defaultValue !== undefined)
      field.defaultValue = protobuf.tokenize.unescape(field.defaultValue);
  }
}

function completeMessage(message: IDescriptorProto): void {
  completeFields(message.field);
  completeFields(message.extension);
  for (const each of message.nestedType ?? []) completeMessage(each);
}

function contextOf(file: IFileDescriptorProto): IDescriptorContext {
  const context: IDescriptorContext = { keepCase: true, edition: editionOf(file) };
  const features = featuresOf(file);
  return features === undefined ? context : { ...context, features };
}

function editionOf({ syntax, edition }: IFileDescriptorProto): string {
  if (syntax === 'proto3') return syntax;
  if (syntax !== 'editions') return 'proto2';
  // Numbers that stand for editions are a year's distance from 2023.
  const name = { 1000: '2023', 1001: '2024', 1002: '2026' }[edition ?? 0];
  if (name === undefined) throw new Error(`edition ${edition ?? 'unknown'} is not supported`);
  return name;
}

/** Features that a file sets for everything in it, by the names that .proto files use. */
function featuresOf({ options }: IFileDescriptorProto): Record<string, unknown> | undefined {
  const set = (options as { features?: protobuf.Message } | undefined)?.features;
  if (set === undefined || set === null) return undefined;
  const named = descriptor.FeatureSet.toObject(set, { enums: String });
  return Object.fromEntries(
    Object.entries(named).map(([key, value]) => [key.replace(/[A-Z]/g, (c) => `_${c.toLowerCase()}`), value]),
  );
}

/** Finds all types, enums and extensions below a namespace. */
function collect(
  space: protobuf.NamespaceBase,
  messages: Map<string, protobuf.Type>,
  enums: Map<string, protobuf.Enum>,
  extensions: protobuf.Field[],
): void {
  for (const each of space.nestedArray) {
    if (each instanceof protobuf.Type) messages.set(each.fullName.slice(1), each);
    else if (each instanceof protobuf.Enum) enums.set(each.fullName.slice(1), each);
    else if (each instanceof protobuf.Field) extensions.push(each);
    if (each instanceof protobuf.Namespace || each instanceof protobuf.Type)
      collect(each, messages, enums, extensions);
  }
}

/** Makes a field exact in what the library leaves open before it is resolved. */
function settleField(field: protobuf.Field, isKnown: (name: string) => boolean): void {
  // A message without a required field is read and written like any other (as the original does); the library would
  // give up in the middle of it.
  if (field.rule === 'required') delete field.rule;
  if (field.id < 1 || field.id > MAX_ID)
    throw new Error(`${field.fullName.slice(1)} has the number ${field.id}`);
  const features: unknown = field.options?.['features'];
  if (typeof features === 'object' && features !== null && 'field_presence' in features) {
    if (features.field_presence === 'LEGACY_REQUIRED') features.field_presence = 'EXPLICIT';
  }
  const exact: unknown = field.options?.[EXACT_DEFAULT];
  if (exact !== undefined) {
    delete field.options?.[EXACT_DEFAULT];
    if (Object.hasOwn(protobuf.types.long, field.type)) field.setOption('default', exact);
  }
  if (!Object.hasOwn(protobuf.types.basic, field.type))
    field.type = absolute(field.type, field.parent, field.fullName, isKnown);
}

/**
 * Gives an extension the name it is used by, `package.field`, and makes it exact. Returns the type it belongs to;
 * undefined if that was done before.
 */
function settleExtension(
  field: protobuf.Field,
  isKnown: (name: string) => boolean,
): protobuf.Type | undefined {
  const sister = field.extensionField;
  const name = field.fullName.slice(1);
  if (sister === null || sister.name === name) return undefined;
  settleField(field, isKnown);
  const wanted = absolute(field.extend ?? '', field.parent, field.fullName, isKnown);
  const type = sister.parent;
  if (!(type instanceof protobuf.Type) || type.fullName !== wanted)
    throw new Error(`${name} extends ${wanted.slice(1)}, which is no message`);
  type.remove(sister);
  sister.name = name;
  sister.type = field.type;
  if (field.rule === undefined) delete sister.rule;
  type.add(sister);
  return type;
}

/** The full name, with a dot in front, of what a name means at some place: what stands nearest, from inside out. */
function absolute(
  name: string,
  from: protobuf.NamespaceBase | null,
  what: string,
  isKnown: (name: string) => boolean,
): string {
  if (name.startsWith('.')) {
    if (isKnown(name.slice(1))) return name;
  } else {
    for (let space: protobuf.NamespaceBase | null = from; space !== null; space = space.parent) {
      const full = `${space.fullName}.${name}`;
      if (isKnown(full.slice(1))) return full;
    }
  }
  throw new Error(`${what.slice(1)} is of type ${name}, which nobody has registered`);
}

/** The error when a name is taken already; undefined if that is not what went wrong. */
function conflictIn(error: unknown, isTaken: (name: string) => boolean, file: string): Error | undefined {
  const found = /^duplicate name '(\w+)' in \w+ ?\.?([\w.]*)$/.exec(
    error instanceof Error ? error.message : '',
  );
  if (found === null) return undefined;
  const [, name = '', space = ''] = found;
  const full = space === '' ? name : `${space}.${name}`;
  if (!isTaken(full)) return undefined;
  return pbcError('ERR_PBC_CONFLICT', `${file}: ${full} is registered already, with another definition`, {
    cause: error,
    details: { file, name: full },
  });
}

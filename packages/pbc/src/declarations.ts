import type protobuf from 'protobufjs';
import { isOpen } from './coerce.ts';
import type { TypeTable } from './type-table.ts';

/** Types of scalar fields as they are decoded. */
const SCALARS: Readonly<Record<string, string>> = {
  double: 'number',
  float: 'number',
  int32: 'number',
  uint32: 'number',
  sint32: 'number',
  fixed32: 'number',
  sfixed32: 'number',
  int64: 'bigint',
  uint64: 'bigint',
  sint64: 'bigint',
  fixed64: 'bigint',
  sfixed64: 'bigint',
  bool: 'boolean',
  string: 'string',
  bytes: 'Uint8Array',
};

/**
 * TypeScript for all message types and enums: an interface for each, and `Messages`, which `createProtobuf` takes.
 * @param origin - what it was made from, for the first line.
 */
export function declareMessages(types: TypeTable, origin: string): string {
  const { messages, enums } = types.names;
  const name = shortNames([...messages, ...enums], new Set(messages));
  const parts = [
    `// Made by pbc-types from ${origin}.`,
    [
      '/** What each message type is decoded to: `createProtobuf<Messages>(skynet)`. */',
      'export interface Messages {',
      ...messages.map((full) => `  '${full}': ${name(full)};`),
      '}',
    ].join('\n'),
    ...messages.map((full) => declareMessage(types.message(full), name)),
    ...enums.map((full) => declareEnum(types.enumeration(full), name)),
  ];
  return `${parts.join('\n\n')}\n`;
}

function declareMessage(type: protobuf.Type, name: (full: string) => string): string {
  const fields = [...type.fieldsArray].sort((a, b) => a.id - b.id);
  const lines = fields.map((field) => `  ${propertyName(field.name)}: ${typeOf(field, name)};`);
  return [`/** ${fullName(type)} */`, `export interface ${name(fullName(type))} {`, ...lines, '}'].join('\n');
}

function declareEnum(type: protobuf.Enum, name: (full: string) => string): string {
  const values = Object.keys(type.values).map((value) => `'${value}'`);
  if (isOpen(type)) values.push('number');
  return `/** ${fullName(type)} */\nexport type ${name(fullName(type))} = ${values.join(' | ')};`;
}

function typeOf(field: protobuf.Field, name: (full: string) => string): string {
  const { resolvedType } = field;
  const one = resolvedType === null ? (SCALARS[field.type] ?? 'unknown') : name(fullName(resolvedType));
  if (field.map) return `{ readonly [key: string]: ${one} }`;
  return field.repeated ? `readonly ${one}[]` : one;
}

function fullName(type: protobuf.ReflectionObject): string {
  return type.fullName.slice(1);
}

function propertyName(name: string): string {
  return /^[A-Za-z_$][\w$]*$/.test(name) ? name : `'${name}'`;
}

/** Names of types without their package where that leaves no doubt; those inside a message have its name in front. */
function shortNames(full: readonly string[], messages: ReadonlySet<string>): (full: string) => string {
  const taken = new Map<string, string[]>();
  for (const each of full) {
    const short = joined(withoutPackage(each, messages));
    taken.set(short, [...(taken.get(short) ?? []), each]);
  }
  const names = new Map<string, string>();
  for (const [short, owners] of taken) {
    for (const [nth, owner] of owners.entries()) {
      const long = owners.length === 1 && short !== 'Messages' ? short : joined(owner.split('.'));
      names.set(owner, [...names.values()].includes(long) ? `${long}_${nth}` : long);
    }
  }
  return (each) => names.get(each) ?? 'unknown';
}

function withoutPackage(full: string, messages: ReadonlySet<string>): string[] {
  const words = full.split('.');
  const first = words.findIndex((_, nth) => messages.has(words.slice(0, nth + 1).join('.')));
  return words.slice(first < 0 ? -1 : first);
}

function joined(words: readonly string[]): string {
  return words.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join('');
}

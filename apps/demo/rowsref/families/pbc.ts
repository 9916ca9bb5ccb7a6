import { createProtobuf, type FieldDescription, type Protobuf } from '@skynet/pbc';
import type { Family } from '../family.ts';

type Json = Readonly<Record<string, unknown>>;

interface Row {
  readonly kind: 'encode' | 'decode';
  readonly message: string;
  readonly json?: Json;
  readonly hex?: string;
}

/** Protocol buffers between bytes and their JSON mapping. */
export const run: Family = (file) => {
  const protobuf = createProtobuf();
  for (const [name, text] of Object.entries(file['files'] as Record<string, string>))
    protobuf.register(text, { name });
  return file.rows.map((row) => {
    try {
      return runRow(protobuf, row as unknown as Row);
    } catch (error) {
      return { err: error instanceof Error ? error.message : String(error) };
    }
  });
};

function runRow(protobuf: Protobuf, { kind, message, json, hex = '' }: Row): unknown {
  const bytes =
    kind === 'encode'
      ? protobuf.encode(message, fromJson(protobuf, message, json ?? {}))
      : Buffer.from(hex, 'hex');
  return { json: protobuf.decode(message, bytes), hex: bytes.toString('hex') };
}

/** A message from its JSON mapping. All but bytes is taken by `encode` as it stands there. */
function fromJson(protobuf: Protobuf, type: string, json: Json): Record<string, unknown> {
  const fields = new Map(protobuf.fields(type).map((field) => [field.name, field]));
  return changeAll(json, (value, name) => {
    const field = fields.get(name);
    return field === undefined ? value : fieldFromJson(protobuf, field, value);
  });
}

function fieldFromJson(protobuf: Protobuf, field: FieldDescription, value: unknown): unknown {
  const one = (item: unknown): unknown => {
    if (field.kind === 'message') return fromJson(protobuf, field.type, item as Json);
    return field.type === 'bytes' && typeof item === 'string' ? Buffer.from(item, 'base64') : item;
  };
  if (field.label === 'list') return (value as unknown[]).map(one);
  return field.label === 'map' ? changeAll(value as Json, one) : one(value);
}

/** Changes the values of an object; in one without prototype, since keys are what they are. */
function changeAll(json: Json, change: (value: unknown, key: string) => unknown): Record<string, unknown> {
  const result = Object.create(null) as Record<string, unknown>;
  for (const [key, value] of Object.entries(json)) result[key] = change(value, key);
  return result;
}

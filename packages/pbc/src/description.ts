import protobuf from 'protobufjs';

/** What a field of a message type is. */
export interface FieldDescription {
  /** As in the definition; of an extension with its package in front. */
  readonly name: string;
  /** Number of the field on the wire. */
  readonly id: number;
  /** `int32`, `string` …, or the full name of a message type or enum. Of a map: its values'. */
  readonly type: string;
  readonly kind: 'scalar' | 'enum' | 'message';
  /** How many values it has; `list` is `repeated`. */
  readonly label: 'single' | 'list' | 'map';
  /** Type of the keys of a map. */
  readonly keyType: string | undefined;
  /** Name of the oneof that the field belongs to. */
  readonly oneof: string | undefined;
}

/** Fields of a message type, by number. */
export function describeFields(type: protobuf.Type): FieldDescription[] {
  return type.fieldsArray.map(describe).sort((a, b) => a.id - b.id);
}

function describe(field: protobuf.Field): FieldDescription {
  const { name, id, resolvedType, partOf } = field;
  return {
    name,
    id,
    type: resolvedType === null ? field.type : resolvedType.fullName.slice(1),
    kind: resolvedType === null ? 'scalar' : resolvedType instanceof protobuf.Enum ? 'enum' : 'message',
    label: field.map ? 'map' : field.repeated ? 'list' : 'single',
    keyType: field.map ? (field as unknown as protobuf.MapField).keyType : undefined,
    oneof: partOf === null || partOf.isProto3Optional ? undefined : partOf.name,
  };
}

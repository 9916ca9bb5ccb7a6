import protobuf from 'protobufjs';

/** What an absent field of a decoded message reads as; messages apart, which read as an empty one. */
export function defaultOf(field: protobuf.Field): unknown {
  // The library looks for these very objects.
  if (field.map) return protobuf.util.emptyObject;
  if (field.repeated) return protobuf.util.emptyArray;
  const { resolvedType, type } = field;
  const given: unknown = field.typeDefault;
  if (resolvedType instanceof protobuf.Enum) {
    const number = typeof given === 'number' ? given : (Object.values(resolvedType.values)[0] ?? 0);
    return resolvedType.valuesById[number] ?? number;
  }
  if (type === 'bytes') return bytesDefault(field);
  // Integers of 64 bits are objects of two halves.
  if (Object.hasOwn(protobuf.types.long, type)) return BigInt(String(given ?? 0));
  // Optional ones of proto3 have none of their own.
  return given ?? protobuf.types.defaults[type as 'string'];
}

/** Bytes that stand as text in the definition. The library would take them for base64 or UTF-8. */
function bytesDefault({ options }: protobuf.Field): Uint8Array {
  const given: unknown = options?.['default'];
  if (typeof given !== 'string') return Buffer.alloc(0);
  // One character a byte, unless there is one above.
  return Buffer.from(given, /^[\0-\xff]*$/.test(given) ? 'latin1' : 'utf8');
}

import type { FieldDescription, Protobuf } from '@skynet/pbc';
import fc from 'fast-check';

/** Values of each type of field, as they are decoded. */
const SCALARS: Readonly<Record<string, fc.Arbitrary<unknown>>> = {
  int32: fc.integer(),
  sint32: fc.integer(),
  sfixed32: fc.integer(),
  uint32: fc.nat({ max: 0xffff_ffff }),
  fixed32: fc.nat({ max: 0xffff_ffff }),
  int64: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  sint64: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  sfixed64: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  uint64: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
  fixed64: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
  float: fc.float(),
  double: fc.double(),
  bool: fc.boolean(),
  string: fc.oneof(fc.string({ unit: 'binary' }), fc.string({ minLength: 40, maxLength: 300 })),
  bytes: fc.uint8Array().map((bytes) => Buffer.from(bytes)),
};

/** Messages of a type, as they are decoded: every field may be missing, one of a oneof may be there. */
export function anyMessage(
  protobuf: Protobuf,
  type: string,
  depth = 3,
): fc.Arbitrary<Record<string, unknown>> {
  const fields = protobuf.fields(type).filter(({ kind }) => kind !== 'message' || depth > 0);
  const oneofs = [...new Set(fields.map(({ oneof }) => oneof).filter((name) => name !== undefined))];
  const alone = Object.fromEntries(
    fields
      .filter(({ oneof }) => oneof === undefined)
      .map((field) => [field.name, anyField(protobuf, field, depth)]),
  );
  const choices = oneofs.map((name) =>
    fc.oneof(
      fc.constant({}),
      ...fields
        .filter(({ oneof }) => oneof === name)
        .map((field) => fc.record({ [field.name]: anyField(protobuf, field, depth) })),
    ),
  );
  return fc
    .tuple(fc.record(alone, { requiredKeys: [] }), ...choices)
    .map((parts) => Object.assign({}, ...parts) as Record<string, unknown>);
}

function anyField(protobuf: Protobuf, field: FieldDescription, depth: number): fc.Arbitrary<unknown> {
  const value = anyValue(protobuf, field, depth);
  if (field.label === 'list') return fc.array(value, { minLength: 1, maxLength: 4 });
  if (field.label === 'single') return value;
  // One entry: the order of more is left open.
  const key = SCALARS[field.keyType ?? ''] as fc.Arbitrary<unknown>;
  return fc.tuple(key, value).map(([name, item]) => {
    const entries = Object.create(null) as Record<string, unknown>;
    entries[String(name)] = item;
    return entries;
  });
}

function anyValue(protobuf: Protobuf, field: FieldDescription, depth: number): fc.Arbitrary<unknown> {
  if (field.kind === 'message') return anyMessage(protobuf, field.type, depth - 1);
  if (field.kind === 'scalar') return SCALARS[field.type] as fc.Arbitrary<unknown>;
  // Of several names of a number the first is read.
  const values = protobuf.enumValues(field.type);
  const names = Object.keys(values).filter(
    (name, nth, all) => all.findIndex((other) => values[other] === values[name]) === nth,
  );
  return fc.constantFrom(...names);
}

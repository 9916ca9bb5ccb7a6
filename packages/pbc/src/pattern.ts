import protobuf from 'protobufjs';
import { prepareType } from './codec.ts';
import { enumNumber, nameOf, shown } from './coerce.ts';
import { defaultOf } from './default.ts';
import { pbcError } from './errors.ts';

/**
 * Some fields of a message type, in an order: `package.Message field field`. Messages in them are bytes that were packed
 * before or are unpacked later, enums are numbers. It is a message type of its own in which these fields have such types.
 */
export class Pattern {
  readonly type: protobuf.Type;
  readonly #fields: readonly protobuf.Field[];

  /** @throws ERR_PBC_PATTERN, ERR_PBC_FIELD, and what `typeOf` throws. */
  constructor(text: string, typeOf: (name: string) => protobuf.Type) {
    const [name, ...names] = typeof text === 'string' ? text.split(' ').filter((word) => word !== '') : [];
    if (name === undefined || names.length === 0 || new Set(names).size < names.length) {
      throw pbcError(
        'ERR_PBC_PATTERN',
        `a pattern is a message type and some of its fields, each once, not ${shown(text)}`,
      );
    }
    const origin = typeOf(name);
    this.#fields = names.map((field) => fieldOf(origin, field));
    this.type = new protobuf.Type(origin.name);
    for (const field of this.#fields) this.type.add(likeness(field));
    new protobuf.Root().add(this.type).resolveAll();
    prepareType(this.type);
  }

  /** The message to be encoded. @throws ERR_PBC_PATTERN, ERR_PBC_ENUM. */
  toMessage(values: readonly unknown[]): Record<string, unknown> {
    if (values.length > this.#fields.length) {
      throw pbcError(
        'ERR_PBC_PATTERN',
        `the pattern has ${this.#fields.length} fields, and there are ${values.length} values`,
      );
    }
    const message = Object.create(null) as Record<string, unknown>;
    for (const [nth, field] of this.#fields.entries()) message[field.name] = numbered(values[nth], field);
    return message;
  }

  /** The values of a decoded message. */
  toValues(message: object): unknown[] {
    return this.#fields.map((field) => {
      if (Object.hasOwn(message, field.name)) return (message as Record<string, unknown>)[field.name];
      if (field.repeated || field.map) return [];
      if (field.resolvedType instanceof protobuf.Enum) return field.typeDefault as number;
      return field.resolvedType === null ? defaultOf(field) : Buffer.alloc(0);
    });
  }
}

function fieldOf(type: protobuf.Type, name: string): protobuf.Field {
  const field = Object.hasOwn(type.fields, name) ? type.fields[name] : undefined;
  const title = type.fullName.slice(1);
  if (field === undefined) {
    throw pbcError('ERR_PBC_FIELD', `${title} has no field ${shown(name)}`, {
      details: { type: title, field: name },
    });
  }
  if (!field.delimited) return field;
  throw pbcError('ERR_PBC_PATTERN', `${nameOf(field)} is a group, which no pattern can have`);
}

/** A field with the same bytes on the wire. */
function likeness(field: protobuf.Field): protobuf.Field {
  const { name, id, resolvedType } = field;
  const isList = field.repeated || field.map;
  const isNumber = resolvedType instanceof protobuf.Enum && !field.map;
  const type = isNumber ? 'int32' : field.map || resolvedType !== null ? 'bytes' : field.type;
  return new protobuf.Field(name, id, type, isList ? 'repeated' : 'optional', undefined, {
    features: {
      field_presence: field.hasPresence ? 'EXPLICIT' : 'IMPLICIT',
      repeated_field_encoding: field.packed && type !== 'bytes' ? 'PACKED' : 'EXPANDED',
    },
  });
}

/** Numbers in the place of names of an enum. */
function numbered(value: unknown, field: protobuf.Field): unknown {
  const { resolvedType } = field;
  if (!(resolvedType instanceof protobuf.Enum) || field.map) return value;
  const toNumber = (item: unknown): unknown =>
    typeof item === 'string' ? enumNumber(item, resolvedType, nameOf(field)) : item;
  return Array.isArray(value) ? value.map(toNumber) : toNumber(value);
}

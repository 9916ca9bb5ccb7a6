import protobuf from 'protobufjs';
import { refuse } from './coerce.ts';
import { generateDecode } from './decoder.ts';
import { defaultOf } from './default.ts';
import { generateEncode } from './encoder.ts';
import type { Decode, Encode } from './generated.ts';
import { DecodedMessage, MAX_DEPTH, tooDeep } from './message.ts';

// The library generates code that writes and reads each message type. Here it gets a class for what it reads, with our
// defaults, and functions of ours around its own: see encoder.ts and decoder.ts. Messages inside a message come by in
// their turn, as the library's code calls theirs.

/** What absent messages of a type read as, of types that are prepared. */
const empties = new WeakMap<protobuf.Type, object>();

/** Makes a message type, and all that it contains, write and read as this package promises. Does that once. */
export function prepareType(type: protobuf.Type): void {
  const fresh = new Set<protobuf.Type>();
  addReachable(type, fresh);
  for (const each of fresh) {
    each.ctor = classOf(each);
    empties.set(each, new each.ctor());
  }
  for (const each of fresh) setDefaults(each);
  for (const each of fresh) wrap(each, Object.freeze(emptyOf(each)));
}

function addReachable(type: protobuf.Type, found: Set<protobuf.Type>): void {
  if (empties.has(type) || found.has(type)) return;
  found.add(type);
  for (const { resolvedType } of type.fieldsArray)
    if (resolvedType instanceof protobuf.Type) addReachable(resolvedType, found);
}

function classOf(type: protobuf.Type): protobuf.Constructor<object> {
  // Not a class that extends another: making its instances takes twice as long.
  function Decoded(): void {}
  Decoded.prototype = Object.create(DecodedMessage.prototype, {
    constructor: { value: Decoded, writable: true, configurable: true },
  });
  Object.defineProperty(Decoded, 'name', { value: type.name });
  return Decoded as unknown as protobuf.Constructor<object>;
}

/** Absent fields read as their defaults, which are not among the keys; nor is what the library puts there. */
function setDefaults(type: protobuf.Type): void {
  Object.defineProperty(type.ctor.prototype, '$type', { value: type, enumerable: false });
  for (const field of type.fieldsArray) {
    const { resolvedType } = field;
    const isMessage = resolvedType instanceof protobuf.Type && !field.repeated && !field.map;
    Object.defineProperty(type.ctor.prototype, field.name, {
      value: isMessage ? emptyOf(resolvedType) : defaultOf(field),
      enumerable: false,
      configurable: true,
      writable: true,
    });
  }
}

function emptyOf(type: protobuf.Type): object {
  return empties.get(type) as object;
}

function wrap(type: protobuf.Type, empty: object): void {
  type.setup();
  type.encode = generateEncode(type, type.encode as Encode) as protobuf.Type['encode'];
  type.decode = generateDecode(type, type.decode as Decode, empty) as protobuf.Type['decode'];
}

/** Makes absent fields of an object read as their defaults, and those of messages in it. @throws ERR_PBC_VALUE, ERR_PBC_DEPTH. */
export function giveDefaults(message: unknown, type: protobuf.Type, depth = 0): void {
  if (
    typeof message !== 'object' ||
    message === null ||
    Array.isArray(message) ||
    !Object.isExtensible(message)
  )
    throw refuse(type.fullName.slice(1), message, 'an object that can be changed');
  if (depth > MAX_DEPTH) throw tooDeep(type.fullName.slice(1));
  for (const [key, value] of Object.entries(message)) {
    const field = Object.hasOwn(type.fields, key) ? type.fields[key] : undefined;
    if (!(field?.resolvedType instanceof protobuf.Type) || value === undefined || value === null) continue;
    const inner = field.repeated || field.map ? Object.values(value as object) : [value];
    for (const each of inner) giveDefaults(each, field.resolvedType, depth + 1);
  }
  Object.setPrototypeOf(message, type.ctor.prototype);
}

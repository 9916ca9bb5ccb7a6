import protobuf from 'protobufjs';
import { coerce, coerceList, coerceMap, MAX_64, MIN_64, refuse } from './coerce.ts';
import { defaultOf } from './default.ts';
import { pbcError } from './errors.ts';
import { DecodedMessage } from './message.ts';

// The library generates code that reads and writes each message type. This file puts a function in front of the one that
// writes and one behind the one that reads, generated likewise, so that the usual values cost next to nothing:
//
//     encode   prepare(value) ── names of enums become numbers, unknown keys and wrong values are refused, what Lua
//                                would convert is converted; in a copy, and only if anything has to change
//     decode   mend(message)  ── numbers of enums become names, 64-bit integers bigint
//
// Both look at one message; those inside it come by in their turn, since the library's code calls theirs.

type Encode = (message: object, writer: protobuf.Writer, depth?: number) => protobuf.Writer;
type Decode = (
  reader: protobuf.Reader,
  length?: number,
  end?: number,
  depth?: number,
  into?: object,
) => protobuf.Message;

/** A message type that {@link prepareType} has been at. */
interface Prepared {
  readonly empty: object;
}

const prepared = new WeakMap<protobuf.Type, Prepared>();

/** Makes a message type, and all that it contains, write and read as this package promises. Does that once. */
export function prepareType(type: protobuf.Type): void {
  const fresh = new Set<protobuf.Type>();
  addReachable(type, fresh);
  for (const each of fresh) {
    each.ctor = classOf(each);
    prepared.set(each, { empty: new each.ctor() });
  }
  for (const each of fresh) setDefaults(each);
  for (const each of fresh) wrap(each);
  for (const each of fresh) Object.freeze(prepared.get(each)?.empty);
}

function addReachable(type: protobuf.Type, found: Set<protobuf.Type>): void {
  if (prepared.has(type) || found.has(type)) return;
  found.add(type);
  for (const { resolvedType } of type.fieldsArray)
    if (resolvedType instanceof protobuf.Type) addReachable(resolvedType, found);
}

function classOf(type: protobuf.Type): protobuf.Constructor<object> {
  const Class = class extends DecodedMessage {};
  Object.defineProperty(Class, 'name', { value: type.name });
  return Class;
}

/** Absent fields read as their defaults, which are not among the keys. */
function setDefaults(type: protobuf.Type): void {
  for (const field of type.fieldsArray) {
    const { resolvedType } = field;
    const isMessage = resolvedType instanceof protobuf.Type && !field.repeated && !field.map;
    Object.defineProperty(type.ctor.prototype, field.name, {
      value: isMessage ? prepared.get(resolvedType)?.empty : defaultOf(field),
      enumerable: false,
      configurable: true,
      writable: true,
    });
  }
}

function wrap(type: protobuf.Type): void {
  type.setup();
  const encode = type.encode as Encode;
  const decode = type.decode as Decode;
  const prepare = generatePrepare(type);
  const mend = generateMend(type);
  const empty = prepared.get(type)?.empty;
  const encodeOurs: Encode = (message, writer, depth) => encode(prepare(message), writer, depth);
  // The library goes on with the message that is there when a second part of it comes. The default is none.
  const decodeOurs: Decode = (reader, length, end, depth, into) => {
    const message = decode(reader, length, end, depth, into === empty ? undefined : into);
    mend?.(message);
    return message;
  };
  type.encode = encodeOurs as protobuf.Type['encode'];
  type.decode = decodeOurs as protobuf.Type['decode'];
}

/** JavaScript for: `v` is a value that the library writes as it is. */
function testOf(field: protobuf.Field): string {
  if (field.resolvedType !== null) return 'typeof v==="object"&&v!==null';
  switch (field.type) {
    case 'int32':
    case 'sint32':
    case 'sfixed32':
      return 'typeof v==="number"&&v===(v|0)';
    case 'uint32':
    case 'fixed32':
      return 'typeof v==="number"&&v===v>>>0';
    case 'double':
    case 'float':
      return 'typeof v==="number"';
    case 'bool':
      return 'typeof v==="boolean"';
    case 'string':
      return 'typeof v==="string"&&v.isWellFormed()';
    case 'bytes':
      return 'v instanceof Uint8Array';
    default:
      // 64 bits. A zero has to be a number: the library would not see that it can be left out.
      return 'typeof v==="number"?Number.isSafeInteger(v):typeof v==="bigint"&&v!==0n&&v>=MIN_64&&v<MAX_64';
  }
}

/** Code that gives a message as it is to be written: itself, or a copy in which something is changed. */
function generatePrepare(type: protobuf.Type): (message: object) => object {
  const scope: Record<string, unknown> = {
    coerce,
    coerceList,
    coerceMap,
    MIN_64,
    MAX_64,
    own: (value: unknown) => ownFields(value, type),
    unknown: (value: object) => refuseUnknown(value, type),
    twice: (field: string, other: string) => refuseTwice(field, other, type),
  };
  const fields = type.fieldsArray;
  // Fields named `constructor` and the like are there without being given.
  const isOdd = fields.some(({ name }) => name in Object.prototype);
  const copy = isOdd ? 'own(m)' : '{...m}';
  const oneofs = type.oneofsArray.filter((oneof) => !oneof.isProto3Optional);
  // m: the message; c: what is written; n: how many of its keys are known; v: a value; o: the field given of a oneof.
  const code = protobuf.util.codegen(['m']);
  code('if(m===null||m===undefined||%j||Object.getPrototypeOf(m)!==Object.prototype)m=own(m)', isOdd);
  code('let n=0,c=m,v');
  for (const nth of oneofs.keys()) code('let o%i', nth);
  for (const [nth, field] of fields.entries()) {
    const name = JSON.stringify(field.name);
    const change = (value: string): string => `{if(c===m)c=${copy};c[${name}]=${value}}`;
    scope[`f${nth}`] = field;
    code('if((v=m[%s])!==undefined&&v!==null){n++', name);
    const oneof = field.partOf === null ? -1 : oneofs.indexOf(field.partOf);
    if (oneof >= 0) code('if(o%i!==undefined)twice(%s,o%i);o%i=%s', oneof, name, oneof, oneof, name);
    if (field.map) code('%s', change(`coerceMap(v,f${nth})`));
    else if (field.repeated) {
      scope[`e${nth}`] = elementTest(field);
      code('if(!Array.isArray(v)||!v.every(e%i))%s', nth, change(`coerceList(v,f${nth})`));
    } else if (field.resolvedType instanceof protobuf.Enum) {
      scope[`e${nth}`] = new Map(Object.entries(field.resolvedType.values));
      code('%s', change(`(typeof v==="string"?e${nth}.get(v):undefined)??coerce(v,f${nth})`));
    } else code('if(!(%s))%s', testOf(field), change(`coerce(v,f${nth})`));
    code('}');
  }
  code('if(n!==Object.keys(m).length)unknown(m)');
  code('return c');
  return finish(code, scope);
}

/** Whether an element of a list is written as it is. */
function elementTest(field: protobuf.Field): (value: unknown) => boolean {
  if (field.resolvedType instanceof protobuf.Enum) return () => false;
  const code = protobuf.util.codegen(['v']);
  code('return %s', testOf(field));
  return finish(code, { MIN_64, MAX_64 });
}

function ownFields(value: unknown, type: protobuf.Type): object {
  if (
    typeof value !== 'object' ||
    value === null ||
    Array.isArray(value) ||
    value instanceof Map ||
    value instanceof Uint8Array
  )
    throw refuse(type.fullName.slice(1), value, 'an object');
  return Object.assign(Object.create(null) as object, value);
}

function refuseUnknown(value: object, type: protobuf.Type): void {
  for (const [key, item] of Object.entries(value)) {
    if (item === undefined || item === null || Object.hasOwn(type.fields, key)) continue;
    const name = type.fullName.slice(1);
    throw pbcError('ERR_PBC_FIELD', `${name} has no field ${JSON.stringify(key)}`, {
      details: { type: name, field: key },
    });
  }
}

function refuseTwice(field: string, other: string, type: protobuf.Type): void {
  const name = type.fullName.slice(1);
  throw pbcError('ERR_PBC_ONEOF', `${name}: only one of ${other} and ${field} can be set`, {
    details: { type: name, fields: [other, field] },
  });
}

/** Code that makes of a message as the library has read it one of ours; undefined if they are the same. */
function generateMend(type: protobuf.Type): ((message: object) => void) | undefined {
  const scope: Record<string, unknown> = { noBytes: () => Buffer.alloc(0) };
  const lines: string[] = [];
  for (const [nth, field] of type.fieldsArray.entries()) {
    const { resolvedType } = field;
    const place = `m[${JSON.stringify(field.name)}]`;
    const inEntries = (change: string): string => `v=${place};for(const k of Object.keys(v))${change}`;
    const isLong = Object.hasOwn(protobuf.types.long, field.type);
    if (resolvedType instanceof protobuf.Enum) {
      scope[`e${nth}`] = resolvedType.valuesById;
      // Those of an earlier part of the message are names already.
      const rename = (of: string, to: string): string =>
        `if(typeof ${of}==="number"&&(n=e${nth}[${of}])!==undefined)${to}=n`;
      if (field.map) lines.push(inEntries(rename('v[k]', 'v[k]')));
      else if (!field.repeated) lines.push(`v=${place}`, rename('v', place));
      else lines.push(`v=${place}`, `for(let i=0;i<v.length;i++)${rename('v[i]', 'v[i]')}`);
    } else if (field.map) {
      // Entries without a value.
      if (isLong) lines.push(inEntries('if(typeof v[k]!=="bigint")v[k]=0n'));
      if (field.type === 'bytes') lines.push(inEntries('if(Array.isArray(v[k]))v[k]=noBytes()'));
    } else if (isLong && !field.repeated && !field.hasPresence) {
      // The library knows zero only as a number.
      lines.push(`if(${place}===0n&&Object.hasOwn(m,${JSON.stringify(field.name)}))delete ${place}`);
    }
  }
  if (lines.length === 0) return undefined;
  const code = protobuf.util.codegen(['m']);
  code('let v,n');
  for (const line of lines) code('%s', line);
  return finish(code, scope);
}

/** The function that was generated, with names for what it uses. */
function finish<Made>(code: unknown, scope: Record<string, unknown>): Made {
  return (code as (scope: Record<string, unknown>) => Made)(scope);
}

/** Makes absent fields of an object read as their defaults, and those of messages in it. @throws ERR_PBC_VALUE. */
export function giveDefaults(message: unknown, type: protobuf.Type): void {
  if (typeof message !== 'object' || message === null || Array.isArray(message))
    throw refuse(type.fullName.slice(1), message, 'an object');
  for (const [key, value] of Object.entries(message)) {
    const field = Object.hasOwn(type.fields, key) ? type.fields[key] : undefined;
    if (!(field?.resolvedType instanceof protobuf.Type) || value === undefined || value === null) continue;
    const inner = field.repeated || field.map ? Object.values(value as object) : [value];
    for (const each of inner) giveDefaults(each, field.resolvedType);
  }
  Object.setPrototypeOf(message, type.ctor.prototype);
}

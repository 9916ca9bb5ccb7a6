import protobuf from 'protobufjs';
import { coerce, coerceList, coerceMap, MAX_64, MIN_64, refuse, shown } from './coerce.ts';
import { pbcError } from './errors.ts';
import { type Encode, generate } from './generated.ts';

/** Above this a copy of a message has the fields that are given; below, all of them, which is quicker. */
const MANY_FIELDS = 32;

/**
 * Code in front of the library's, which writes a message of its own kind without looking at it: refuses unknown keys
 * and wrong values, and gives it a copy where something is to be written in another form, such as names of enums.
 */
export function generateEncode(type: protobuf.Type, encode: Encode): Encode {
  const scope: Record<string, unknown> = {
    encode,
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
  const oneofs = type.oneofsArray.filter((oneof) => !oneof.isProto3Optional);
  // Fields named `constructor` and the like are there without being given.
  const isOdd = fields.some(({ name }) => name in Object.prototype);
  const copy = isOdd ? 'own(m)' : copyOf(fields);
  // Of what is inherited the library would write lists. Looking at the constructor is the quicker way.
  const isPlain = fields.some(({ repeated }) => repeated)
    ? 'Object.getPrototypeOf(m)===Object.prototype'
    : 'm.constructor===Object';
  // m: the message; w, q: writer and depth; c: what is written; n: how many of m's keys are known; v: a value;
  // o0 …: which field of a oneof was given; f0 …: the fields; e0 …: numbers of their enums by name.
  const lines = [
    `if(m===null||m===undefined||${isOdd}||!(${isPlain}))m=own(m)`,
    'let n=0,c=m,v',
    ...oneofs.map((_, nth) => `let o${nth}`),
  ];
  for (const [nth, field] of fields.entries()) {
    const name = JSON.stringify(field.name);
    const change = (value: string): string => `{if(c===m)c=${copy};c[${name}]=${value}}`;
    const oneof = field.partOf === null ? -1 : oneofs.indexOf(field.partOf);
    scope[`f${nth}`] = field;
    if (field.resolvedType instanceof protobuf.Enum)
      scope[`e${nth}`] = new Map(Object.entries(field.resolvedType.values));
    lines.push(
      `if((v=m[${name}])!==undefined&&v!==null){n++`,
      oneof < 0 ? '' : `if(o${oneof}!==undefined)twice(${name},o${oneof});o${oneof}=${name}`,
      checkOf(field, nth, change),
      '}',
    );
  }
  lines.push('for(const k in m)n--', 'if(n!==0)unknown(m)', 'return encode(c,w,q)');
  return generate(['m', 'w', 'q'], lines, scope);
}

function copyOf(fields: readonly protobuf.Field[]): string {
  if (fields.length > MANY_FIELDS) return '{...m}';
  const entries = fields.map(({ name }) => `${JSON.stringify(name)}:m[${JSON.stringify(name)}]`);
  return `{${entries.join(',')}}`;
}

/** JavaScript that looks at the value `v` of a field, and changes it in the copy if it has to. */
function checkOf(field: protobuf.Field, nth: number, change: (value: string) => string): string {
  const isEnum = field.resolvedType instanceof protobuf.Enum;
  if (field.map) return change(`coerceMap(v,f${nth})`);
  if (!field.repeated) {
    return isEnum
      ? change(`(typeof v==="string"?e${nth}.get(v):undefined)??coerce(v,f${nth})`)
      : `if(!(${testOf(field)}))${change(`coerce(v,f${nth})`)}`;
  }
  const changeAll = change(`coerceList(v,f${nth})`);
  if (isEnum) return changeAll;
  return (
    `if(!Array.isArray(v))${changeAll}else ` +
    `for(let i=0,l=v;i<l.length;i++){v=l[i];if(!(${testOf(field)})){v=l;${changeAll}break}}`
  );
}

/** JavaScript for: the library writes `v` as it is. */
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
      return 'typeof v==="string"';
    case 'bytes':
      return 'v instanceof Uint8Array';
    default:
      // 64 bits. A zero has to be a number: the library would not see that it can be left out.
      return 'typeof v==="number"?Number.isSafeInteger(v):typeof v==="bigint"&&v!==0n&&v>=MIN_64&&v<MAX_64';
  }
}

/** The own fields of an object that is not a plain one: a decoded message, one without prototype. */
function ownFields(value: unknown, type: protobuf.Type): object {
  if (typeof value !== 'object' || value === null || Array.isArray(value) || value instanceof Map)
    throw refuse(type.fullName.slice(1), value, 'an object');
  return Object.assign(Object.create(null) as object, value);
}

function refuseUnknown(value: object, type: protobuf.Type): void {
  for (const [key, item] of Object.entries(value)) {
    if (item === undefined || item === null || Object.hasOwn(type.fields, key)) continue;
    const name = type.fullName.slice(1);
    throw pbcError('ERR_PBC_FIELD', `${name} has no field ${shown(key)}`, {
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

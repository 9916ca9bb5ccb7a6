import protobuf from 'protobufjs';
import { type Decode, generate } from './generated.ts';

/**
 * Code behind the library's, which reads a message: numbers of enums become their names, and what the library has for
 * 64-bit integers and bytes that are not there becomes a bigint and bytes.
 * @param empty - what an absent message of this type reads as.
 */
export function generateDecode(type: protobuf.Type, decode: Decode, empty: object): Decode {
  const scope: Record<string, unknown> = { decode, empty, noBytes: () => Buffer.alloc(0) };
  // r, l, z, q: reader, length, end of a group, depth. g: a message that is there already, and goes on with a second
  // part; the one that absent messages read as is none.
  const lines = ['const m=decode(r,l,z,q,g===empty?undefined:g)', 'let v,n'];
  for (const [nth, field] of type.fieldsArray.entries()) {
    const { resolvedType } = field;
    const name = JSON.stringify(field.name);
    const isLong = Object.hasOwn(protobuf.types.long, field.type);
    const inEntries = (change: string): string => `v=m[${name}];for(const k of Object.keys(v))${change}`;
    if (resolvedType instanceof protobuf.Enum) {
      scope[`e${nth}`] = resolvedType.valuesById;
      // Those of an earlier part of the message are names already, and so is the default.
      const rename = (of: string, to = of): string =>
        `if(typeof ${of}==="number"&&(n=e${nth}[${of}])!==undefined)${to}=n`;
      if (field.map) lines.push(inEntries(rename('v[k]')));
      else if (field.repeated) lines.push(`v=m[${name}];for(let i=0;i<v.length;i++)${rename('v[i]')}`);
      else lines.push(`v=m[${name}];${rename('v', `m[${name}]`)}`);
    } else if (field.map) {
      // Entries without a value.
      if (isLong) lines.push(inEntries('if(typeof v[k]!=="bigint")v[k]=0n'));
      if (field.type === 'bytes') lines.push(inEntries('if(Array.isArray(v[k]))v[k]=noBytes()'));
    } else if (isLong && !field.repeated && !field.hasPresence) {
      // The library leaves out a zero of proto3, which it knows only as a number.
      lines.push(`if(m[${name}]===0n&&Object.hasOwn(m,${name}))delete m[${name}]`);
    }
  }
  lines.push('return m');
  return generate(['r', 'l', 'z', 'q', 'g'], lines, scope);
}

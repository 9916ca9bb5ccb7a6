import { createProtobuf, type Protobuf } from '@skynet/pbc';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { anyMessage } from './message-values.ts';
import { NO_PROTOC, PROTOS, protocCompile, protocDecode, protocEncode, WHY_NOT } from './protoc.ts';

const FILES = ['two.proto', 'three.proto'];
const TYPES = [
  ['two.proto', 'test.two.Scalars'],
  ['two.proto', 'test.two.Lists'],
  ['two.proto', 'test.two.Defaults'],
  ['two.proto', 'test.two.Need'],
  ['two.proto', 'test.two.Choice'],
  ['two.proto', 'test.two.Grouped'],
  ['two.proto', 'test.two.Open'],
  ['two.proto', 'test.two.Holder'],
  ['two.proto', 'test.two.Person'],
  ['three.proto', 'test.three.All'],
] as const;

function fromText(): Protobuf {
  const protobuf = createProtobuf();
  for (const file of FILES) protobuf.registerFile(`${PROTOS}/${file}`);
  return protobuf;
}

function fromSet(...options: string[]): Protobuf {
  const protobuf = createProtobuf();
  protobuf.register(protocCompile(['common/base.proto', ...FILES], ...options));
  return protobuf;
}

/** What an absent message reads as, field by field, to some depth. */
function defaults(protobuf: Protobuf, type: string, depth = 2): unknown {
  const message = protobuf.decode(type, new Uint8Array(0));
  return protobuf.fields(type).map(({ name, kind, label, type: inner }) => {
    if (kind === 'message' && label === 'single')
      return [name, depth > 0 ? defaults(protobuf, inner, depth - 1) : {}];
    return [name, message[name]];
  });
}

describe.skipIf(NO_PROTOC !== undefined)(`beside protoc${WHY_NOT}`, () => {
  test.each(TYPES)('%s: %s has the bytes that protoc writes, and reads as what was written', (file, type) => {
    const protobuf = fromText();
    fc.assert(
      fc.property(anyMessage(protobuf, type), (message) => {
        const bytes = protobuf.encode(type, message);
        const text = protocDecode(file, type, bytes);
        // protoc refuses to write what lacks a required field.
        const isWhole = !['test.two.Need', 'test.two.Choice', 'test.two.Person'].includes(type);
        if (isWhole) expect(protocEncode(file, type, text).toString('hex')).toBe(bytes.toString('hex'));
        expect(protobuf.encode(type, protobuf.decode(type, bytes)).toString('hex')).toBe(
          bytes.toString('hex'),
        );
      }),
      { numRuns: 25 },
    );
  });

  test.each([
    ['two.proto', 'test.two.Person', 'name: "a" id: 0 phone { number: "1" type: WORK }'],
    ['two.proto', 'test.two.Need', 'a: 0 inner { a: 1 } list { a: -1 }'],
    ['two.proto', 'test.two.Choice', 'need { a: 5 }'],
    ['two.proto', 'test.two.Choice', 'kind: HOME'],
    ['two.proto', 'test.two.Open', 'a: 1 [test.two.note]: "x" [test.two.Holder.kind]: FAR'],
    ['two.proto', 'test.two.Defaults', 'i: -5 u: 18446744073709551615 b: true k: FAR'],
  ])('%s: %s from text', (file, type, text) => {
    const bytes = protocEncode(file, type, text);
    const protobuf = fromText();
    expect(protobuf.encode(type, protobuf.decode(type, bytes)).toString('hex')).toBe(bytes.toString('hex'));
  });

  test.each([
    ['with imports', '--include_imports'],
    ['without imports', '--include_source_info'],
  ])('a descriptor set %s gives the same types and defaults as the files', (_title, option) => {
    const text = fromText();
    const set = fromSet(option);
    expect([...set.types().messages].sort()).toEqual([...text.types().messages].sort());
    expect(set.types().enums).toEqual(expect.arrayContaining([...text.types().enums]));
    for (const name of text.types().enums) expect(set.enumValues(name)).toEqual(text.enumValues(name));
    for (const name of text.types().messages) {
      expect(set.fields(name)).toEqual(text.fields(name));
      expect(defaults(set, name)).toEqual(defaults(text, name));
    }
  });

  test.each(TYPES)('%s: %s of a descriptor set has the same bytes', (_file, type) => {
    const text = fromText();
    const set = fromSet('--include_imports');
    fc.assert(
      fc.property(anyMessage(text, type), (message) => {
        const bytes = text.encode(type, message);
        expect(set.encode(type, message).equals(bytes)).toBe(true);
        expect(set.decode(type, bytes)).toEqual(text.decode(type, bytes));
      }),
    );
  });

  test('what protoc refuses to read is refused, what it reads is read', () => {
    const protobuf = fromText();
    fc.assert(
      fc.property(fc.constantFrom(...TYPES), fc.uint8Array({ maxLength: 24 }), ([file, type], bytes) => {
        const does = (work: () => unknown): boolean => {
          try {
            work();
            return true;
          } catch {
            return false;
          }
        };
        // protoc lets text of proto2 pass that is no UTF-8, and wants required fields.
        fc.pre(!/Need|Choice|Person/.test(type));
        const theirs = does(() => protocDecode(file, type, bytes));
        const ours = does(() => protobuf.decode(type, bytes));
        expect({ bytes: Buffer.from(bytes).toString('hex'), type, reads: ours }).toEqual({
          bytes: Buffer.from(bytes).toString('hex'),
          type,
          reads: theirs,
        });
      }),
      { numRuns: 150, examples: [[TYPES[0], Uint8Array.from([0xba, 0x80, 0x80, 0x80, 0x10, 0])]] },
    );
  });
});

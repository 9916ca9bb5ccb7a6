import { createProtobuf, type Protobuf } from '@skynet/pbc';
import { expect, test } from 'vitest';

const code = (expected: string) => expect.objectContaining({ code: expected });
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

function create(): Protobuf {
  const protobuf = createProtobuf();
  protobuf.register(`
    syntax = "proto2"; package tutorial;
    enum Type { MOBILE = 0; HOME = 1; WORK = 2; }
    message PhoneNumber { required string number = 1; optional Type type = 2 [default = HOME]; repeated Type types = 3 [packed = true]; }
    message Person {
      required string name = 1; required int32 id = 2; optional string email = 3 [default = "none"]; repeated PhoneNumber phone = 4;
      optional PhoneNumber main = 5; optional int64 wide = 6; map<string, PhoneNumber> by_name = 7; repeated int32 list = 8;
      optional group Part = 9 { optional int32 n = 1; } optional bytes raw = 10;
      extensions 100 to 200;
    }
    extend Person { optional int32 rank = 100; }
  `);
  return protobuf;
}

test("the original's example: a phone packed first, then the person", () => {
  const protobuf = create();
  const phone = protobuf.pack('tutorial.PhoneNumber number', '87654321');
  const person = protobuf.pack('tutorial.Person name id phone', 'Alice', 123, [phone]);
  expect(protobuf.decode('tutorial.Person', person)).toEqual({
    name: 'Alice',
    id: 123,
    phone: [{ number: '87654321' }],
  });
  const [name, id, phones] = protobuf.unpack('tutorial.Person name id phone', person);
  expect([name, id]).toEqual(['Alice', 123]);
  expect(protobuf.unpack('tutorial.PhoneNumber number', (phones as Buffer[])[0] as Buffer)).toEqual([
    '87654321',
  ]);
});

test('the fields are written ascending, whatever their order in the pattern, and read in that order', () => {
  const protobuf = create();
  const bytes = protobuf.pack('tutorial.Person  id name ', 1, 'a');
  expect(hex(bytes)).toBe('0a01611001');
  expect(protobuf.unpack('tutorial.Person id name', bytes)).toEqual([1, 'a']);
  expect(protobuf.unpack('tutorial.Person name', bytes)).toEqual(['a']);
});

test('absent fields are not written, and read as their defaults', () => {
  const protobuf = create();
  expect(hex(protobuf.pack('tutorial.Person name id email'))).toBe('');
  expect(hex(protobuf.pack('tutorial.Person name id', null, 5))).toBe('1005');
  expect(
    protobuf.unpack(
      'tutorial.Person name id email phone main wide by_name list raw tutorial.rank',
      new Uint8Array(),
    ),
  ).toEqual(['', 0, 'none', [], Buffer.alloc(0), 0n, [], [], Buffer.alloc(0), 0]);
  expect(protobuf.unpack('tutorial.PhoneNumber type types', new Uint8Array())).toEqual([1, []]);
});

test('enums are numbers, and can be given by name', () => {
  const protobuf = create();
  const bytes = protobuf.pack('tutorial.PhoneNumber type types', 'WORK', [0, 'HOME']);
  expect(hex(bytes)).toBe('10021a020001');
  expect(protobuf.unpack('tutorial.PhoneNumber types type', bytes)).toEqual([[0, 1], 2]);
  expect(() => protobuf.pack('tutorial.PhoneNumber type', 'NOBODY')).toThrow(code('ERR_PBC_ENUM'));
});

test('maps are lists of packed entries, extensions have their full name', () => {
  const protobuf = create();
  const person = { by_name: { a: { number: '1' } }, 'tutorial.rank': 7, wide: 5n };
  const bytes = protobuf.encode('tutorial.Person', person);
  const values = protobuf.unpack('tutorial.Person by_name tutorial.rank wide', bytes);
  expect(values.slice(1)).toEqual([7, 5n]);
  expect(hex(protobuf.pack('tutorial.Person by_name tutorial.rank wide', ...values))).toBe(hex(bytes));
});

test.each([
  ['', 'ERR_PBC_PATTERN'],
  ['tutorial.Person', 'ERR_PBC_PATTERN'],
  ['tutorial.Person name name', 'ERR_PBC_PATTERN'],
  ['tutorial.Person part', 'ERR_PBC_PATTERN'],
  [5, 'ERR_PBC_PATTERN'],
  ['tutorial.Nobody name', 'ERR_PBC_TYPE'],
  ['tutorial.Person nobody', 'ERR_PBC_FIELD'],
  ['tutorial.Person toString', 'ERR_PBC_FIELD'],
])('pattern %o is refused: %s', (pattern, expected) => {
  const protobuf = create();
  expect(() => protobuf.pack(pattern as string)).toThrow(code(expected));
  expect(() => protobuf.unpack(pattern as string, new Uint8Array())).toThrow(code(expected));
});

test('too many values, values of the wrong kind, malformed bytes', () => {
  const protobuf = create();
  expect(() => protobuf.pack('tutorial.Person name', 'a', 'b')).toThrow(code('ERR_PBC_PATTERN'));
  expect(() => protobuf.pack('tutorial.Person name', {})).toThrow(code('ERR_PBC_VALUE'));
  expect(() => protobuf.pack('tutorial.Person main', {})).toThrow(code('ERR_PBC_VALUE'));
  expect(() => protobuf.unpack('tutorial.Person name', new Uint8Array([0x0a, 5]))).toThrow(
    code('ERR_PBC_DECODE'),
  );
});

test('a pattern sees what is registered later', () => {
  const protobuf = create();
  expect(() => protobuf.pack('tutorial.Person more.flag', true)).toThrow(code('ERR_PBC_FIELD'));
  protobuf.register('syntax = "proto2"; package more; extend tutorial.Person { optional bool flag = 101; }');
  expect(hex(protobuf.pack('tutorial.Person more.flag', true))).toBe('a80601');
});

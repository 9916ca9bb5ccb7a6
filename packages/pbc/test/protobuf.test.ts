import { createProtobuf, type Protobuf } from '@skynet/pbc';
import { describe, expect, test } from 'vitest';

const code = (expected: string) => expect.objectContaining({ code: expected });

const DEFINITIONS = `
  syntax = "proto2";
  package cs;
  message test {
    required string name = 1;
    required int32 age = 2;
    optional string email = 3;
    required bool online = 4;
    required double account = 5;
  }
  message Person {
    required string name = 1;
    required int32 id = 2;
    optional string email = 3;
    enum PhoneType { MOBILE = 0; HOME = 1; WORK = 2; }
    message PhoneNumber {
      required string number = 1;
      optional PhoneType type = 2 [default = HOME];
    }
    repeated PhoneNumber phone = 4;
    optional PhoneNumber main = 5;
    map<string, PhoneNumber> by_name = 6;
  }
  message Numbers {
    optional int32 i32 = 1;
    optional uint32 u32 = 2;
    optional int64 i64 = 3;
    optional uint64 u64 = 4;
    optional float fl = 5;
    optional double db = 6;
    optional bool bo = 7;
    optional string st = 8;
    optional bytes by = 9;
    optional Person.PhoneType en = 10;
    repeated int32 list = 11;
    repeated Person.PhoneType enums = 12;
    optional sint32 s32 = 13;
    optional fixed32 f32 = 14;
    map<int32, int64> counts = 15;
    map<uint64, bool> flags = 16;
    map<bool, string> words = 17;
    repeated string words_list = 18;
    repeated uint64 longs = 19;
  }
  message Choice { oneof pick { string s = 1; int32 n = 2; Person person = 3; } optional int32 a = 4; }
  message Deep { optional Deep deep = 1; repeated Deep list = 2; map<string, Deep> entries = 3; optional int32 n = 4; }
  message Odd { optional int32 constructor = 1; repeated int32 toString = 2; optional string hasOwnProperty = 3; map<string, int32> valueOf = 4; }
`;

const THREE = `
  syntax = "proto3";
  package three;
  enum Color { NONE = 0; RED = 1; }
  message All {
    int32 i = 1; int64 l = 2; string s = 3; bytes b = 4; bool f = 5; double d = 6; Color c = 7; uint64 u = 8;
    optional int32 oi = 9; optional int64 ol = 10; repeated int32 list = 11; repeated Color colors = 12;
  }
`;

function create(): Protobuf {
  const protobuf = createProtobuf();
  protobuf.register(DEFINITIONS, { name: 'cs.proto' });
  protobuf.register(THREE, { name: 'three.proto' });
  return protobuf;
}

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

describe("the book's messages", () => {
  test('cs.test, with a default for what is absent', () => {
    const protobuf = create();
    const bytes = protobuf.encode('cs.test', { name: 'xiaoming', age: 1, online: true, account: 888.88 });
    expect(hex(bytes)).toBe('0a087869616f6d696e671001200129d7a3703d0ac78b40');
    const data = protobuf.decode('cs.test', bytes);
    expect(data).toEqual({ name: 'xiaoming', age: 1, online: true, account: 888.88 });
    expect(data['email']).toBe('');
    expect(Object.keys(data)).toEqual(['name', 'age', 'online', 'account']);
    expect('email' in data && Object.hasOwn(data, 'email')).toBe(false);
  });

  test('cs.Person, with enums by name and lists of messages', () => {
    const protobuf = create();
    const person = {
      name: 'xiaoming',
      id: 1,
      email: 'xiaoming@163.com',
      phone: [
        { number: '1388888888', type: 'MOBILE' },
        { number: '8888888' },
        { number: '87878787', type: 'WORK' },
      ],
    };
    const bytes = protobuf.encode('cs.Person', person);
    expect(hex(bytes)).toBe(
      '0a087869616f6d696e6710011a107869616f6d696e67403136332e636f6d220e0a0a313338383838383838381000' +
        '22090a0738383838383838220c0a0838373837383738371002',
    );
    const data = protobuf.decode('cs.Person', bytes) as unknown as { phone: { type: string }[] };
    expect(data).toEqual(person);
    expect(data.phone.map(({ type }) => type)).toEqual(['MOBILE', 'HOME', 'WORK']);
  });
});

describe('defaults', () => {
  test('absent fields read as their defaults: zero, "", false, the first name, an empty list, an empty message', () => {
    const protobuf = create();
    const data = protobuf.decode('cs.Numbers', new Uint8Array());
    expect(data).toEqual({});
    expect([data['i32'], data['i64'], data['fl'], data['bo'], data['st']]).toEqual([0, 0n, 0, false, '']);
    expect([data['en'], data['list'], data['by']]).toEqual(['MOBILE', [], Buffer.alloc(0)]);
    const person = protobuf.decode('cs.Person', new Uint8Array()) as Record<string, Record<string, unknown>>;
    expect(person['main']).toEqual({});
    expect(person['main']?.['type']).toBe('HOME');
    expect(person['by_name']).toEqual({});
    const deep = protobuf.decode('cs.Deep', new Uint8Array()) as Record<string, Record<string, unknown>>;
    expect(deep['deep']?.['deep']).toEqual({});
  });

  test('a default is shared and cannot be changed, and reading it adds no key', () => {
    const protobuf = create();
    const data = protobuf.decode('cs.Person', new Uint8Array()) as {
      main: { number: string };
      phone: unknown[];
    };
    expect(() => Object.assign(data.main, { number: '1' })).toThrow(TypeError);
    expect(() => data.phone.push({})).toThrow(TypeError);
    expect(Object.keys(data)).toEqual([]);
    const keys = [];
    for (const key in data) keys.push(key);
    expect(keys).toEqual([]);
    // A message decoded afterwards has nothing of it.
    const bytes = protobuf.encode('cs.Person', { main: { number: '2' } });
    expect(protobuf.decode('cs.Person', bytes)).toEqual({ main: { number: '2' } });
    expect(protobuf.decode('cs.Person', new Uint8Array())).toEqual({});
  });

  test('fields of a decoded message can be set, and it can be encoded again', () => {
    const protobuf = create();
    const bytes = protobuf.encode('cs.Person', { name: 'a', phone: [{ number: '1', type: 'WORK' }] });
    const data = protobuf.decode('cs.Person', bytes) as Record<string, unknown>;
    expect(hex(protobuf.encode('cs.Person', data))).toBe(hex(bytes));
    data['email'] = 'x';
    data['main'] = { number: '2' };
    expect(protobuf.decode('cs.Person', protobuf.encode('cs.Person', data))).toEqual({
      name: 'a',
      email: 'x',
      phone: [{ number: '1', type: 'WORK' }],
      main: { number: '2' },
    });
  });

  test('default() gives them to an object of ours, and to messages in it', () => {
    const protobuf = create();
    const mine = { name: 'a', phone: [{ number: '1' }], main: { number: '2' } };
    const data = protobuf.default('cs.Person', mine) as unknown as typeof mine & {
      email: string;
      phone: { type: string }[];
      main: { type: string };
    };
    expect(data).toBe(mine);
    expect([data.email, data.phone[0]?.type, data.main.type]).toEqual(['', 'HOME', 'HOME']);
    expect(Object.keys(data)).toEqual(['name', 'phone', 'main']);
    expect(() => protobuf.default('cs.Person', [] as never)).toThrow(code('ERR_PBC_VALUE'));
    expect(() => protobuf.default('cs.Person', Object.freeze({}))).toThrow(code('ERR_PBC_VALUE'));
    expect(() => protobuf.default('cs.Nobody', {})).toThrow(code('ERR_PBC_TYPE'));
  });

  test('what is given is written, also when it is the default; absent, null and undefined are not', () => {
    const protobuf = create();
    expect(hex(protobuf.encode('cs.Person.PhoneNumber', { number: '', type: 'HOME' }))).toBe('0a001001');
    expect(hex(protobuf.encode('cs.Person', { name: null, id: undefined }))).toBe('');
    expect(hex(protobuf.encode('cs.Person', {}))).toBe('');
  });

  test('proto3 leaves out zeros of fields without presence, whatever they are written as', () => {
    const protobuf = create();
    const zeros = { i: 0, l: 0n, s: '', b: new Uint8Array(), f: false, d: 0, c: 'NONE', u: '0' };
    expect(hex(protobuf.encode('three.All', zeros))).toBe('');
    expect(hex(protobuf.encode('three.All', { l: 0, u: 0n, i: 0.5 }))).toBe('');
    expect(hex(protobuf.encode('three.All', { oi: 0, ol: 0n }))).toBe('48005000');
    // Zeros on the wire are nothing, too.
    expect(protobuf.decode('three.All', Buffer.from('080010001a0030004000', 'hex'))).toEqual({});
    expect(protobuf.decode('three.All', Buffer.from('48005000', 'hex'))).toEqual({ oi: 0, ol: 0n });
  });
});

describe('values', () => {
  const written = (fields: Record<string, unknown>): unknown => {
    const protobuf = create();
    return protobuf.decode('cs.Numbers', protobuf.encode('cs.Numbers', fields));
  };

  test.each([
    ['i32', '12', 12],
    ['i32', 'abc', 0],
    ['i32', ' -7 ', -7],
    ['i32', 1.9, 1],
    ['i32', -1.9, -1],
    ['i32', 5n, 5],
    ['i32', 4_294_967_301, 5],
    ['i32', Number.NaN, 0],
    ['u32', -1, 4_294_967_295],
    ['u32', '4294967295', 4_294_967_295],
    ['s32', 2.5, 2],
    ['f32', -1n, 4_294_967_295],
    ['i64', 9_007_199_254_740_991, 9_007_199_254_740_991n],
    ['i64', '-9223372036854775808', -(2n ** 63n)],
    ['i64', 1.9, 1n],
    ['i64', 'abc', 0n],
    ['i64', Number.NaN, 0n],
    ['i64', 2 ** 60, 2n ** 60n],
    ['u64', 2n ** 64n - 1n, 2n ** 64n - 1n],
    ['u64', -1n, 2n ** 64n - 1n],
    ['u64', '1e3', 1000n],
    ['fl', '1.5', 1.5],
    ['fl', 3n, 3],
    ['db', 'Infinity', Number.POSITIVE_INFINITY],
    ['db', 'NaN', Number.NaN],
    ['bo', 0, true],
    ['bo', '', true],
    ['bo', 'no', true],
    ['bo', false, false],
    ['st', 12, '12'],
    ['st', 1.5, '1.5'],
    ['st', 12n, '12'],
    ['st', '天网 é\0', '天网 é\0'],
    ['by', '天', Buffer.from('天')],
    ['by', new Uint8Array([1, 255]), Buffer.from([1, 255])],
    ['en', 'WORK', 'WORK'],
    ['en', 2, 'WORK'],
    ['list', [1, '2', 3.7, 4n], [1, 2, 3, 4]],
    ['enums', ['HOME', 0, 'WORK'], ['HOME', 'MOBILE', 'WORK']],
    ['longs', [1, 2n, '3'], [1n, 2n, 3n]],
    ['counts', { 1: 2, '-3': '4', 5: null }, { 1: 2n, '-3': 4n }],
    ['counts', new Map([[1, 2n]]), { 1: 2n }],
    [
      'flags',
      { '18446744073709551615': 'yes', '12345678': false },
      { '18446744073709551615': true, '12345678': false },
    ],
    ['flags', new Map([[2n ** 63n, true]]), { '9223372036854775808': true }],
    ['words', { true: 'a', false: 'b' }, { true: 'a', false: 'b' }],
  ])('%s: %o', (field, value, expected) => {
    expect(written({ [field]: value })).toEqual({ [field]: expected });
  });

  test.each([
    ['i32', true, 'ERR_PBC_VALUE'],
    ['i32', {}, 'ERR_PBC_VALUE'],
    ['i64', 2n ** 64n, 'ERR_PBC_VALUE'],
    ['i64', Number.POSITIVE_INFINITY, 'ERR_PBC_VALUE'],
    ['i64', [], 'ERR_PBC_VALUE'],
    ['db', 'abc', 'ERR_PBC_VALUE'],
    ['db', true, 'ERR_PBC_VALUE'],
    ['st', true, 'ERR_PBC_VALUE'],
    ['st', Buffer.from('a'), 'ERR_PBC_VALUE'],
    ['st', '\ud800', 'ERR_PBC_VALUE'],
    ['st', `${'x'.repeat(300)}\udc00`, 'ERR_PBC_VALUE'],
    ['by', 5, 'ERR_PBC_VALUE'],
    ['by', [1, 2], 'ERR_PBC_VALUE'],
    ['en', 'NOBODY', 'ERR_PBC_ENUM'],
    ['en', 'toString', 'ERR_PBC_ENUM'],
    ['en', '1', 'ERR_PBC_ENUM'],
    ['en', 99, 'ERR_PBC_ENUM'],
    ['en', true, 'ERR_PBC_ENUM'],
    ['list', 'text', 'ERR_PBC_VALUE'],
    ['list', { 0: 1 }, 'ERR_PBC_VALUE'],
    ['list', [1, null], 'ERR_PBC_VALUE'],
    ['list', [1, {}], 'ERR_PBC_VALUE'],
    ['words_list', ['a', undefined], 'ERR_PBC_VALUE'],
    ['words_list', new Array(2), 'ERR_PBC_VALUE'],
    ['enums', ['HOME', 'NOBODY'], 'ERR_PBC_ENUM'],
    ['counts', [1], 'ERR_PBC_VALUE'],
    ['counts', { x: 1 }, 'ERR_PBC_VALUE'],
    ['counts', { 2147483648: 1 }, 'ERR_PBC_VALUE'],
    ['flags', { '-1': true }, 'ERR_PBC_VALUE'],
    ['words', { maybe: 'a' }, 'ERR_PBC_VALUE'],
    ['words', { true: {} }, 'ERR_PBC_VALUE'],
    ['nobody', 1, 'ERR_PBC_FIELD'],
    ['toString', 1, 'ERR_PBC_FIELD'],
  ])('%s: %o is refused', (field, value, expected) => {
    expect(() => written({ [field]: value })).toThrow(code(expected));
  });

  test('errors name the message type and the field, and no text that was given for a value', () => {
    const protobuf = create();
    expect(() => protobuf.encode('cs.Person', { phone: [{ number: '1', type: 'X' }] })).toThrow(
      expect.objectContaining({
        message: 'cs.Person.PhoneNumber.type: cs.Person.PhoneType has no "X"',
        details: { field: 'cs.Person.PhoneNumber.type', enum: 'cs.Person.PhoneType' },
      }),
    );
    expect(() => protobuf.encode('cs.Person', { phnoe: [] })).toThrow('cs.Person has no field "phnoe"');
    expect(() => protobuf.encode('cs.Person', { 'a\n\u001b[2J': [] })).toThrow(
      'cs.Person has no field "a\\n\\x1b[2J"',
    );
    expect(() => protobuf.encode('cs.Person', { ['x'.repeat(1000)]: 1 })).toThrow(/^.{1,120}$/);
    expect(() => protobuf.encode('cs.Person', { main: 5 })).toThrow(
      'cs.Person.main: an object is expected, not 5',
    );
    expect(() => protobuf.encode('cs.Numbers', { db: 'secret'.repeat(20) })).toThrow(
      'cs.Numbers.db: a number is expected, not text',
    );
    expect(protobuf.lastError()).toBe('cs.Numbers.db: a number is expected, not text');
  });

  test.each([[null], [undefined], [5], ['text'], [[]], [new Map()]])('%o is no message', (message) => {
    expect(() => create().encode('cs.Person', message as never)).toThrow(code('ERR_PBC_VALUE'));
  });

  test('an enum of proto3 may have numbers without a name, as on the wire', () => {
    const protobuf = create();
    const bytes = protobuf.encode('three.All', { c: 99, colors: ['RED', 7] });
    expect(protobuf.decode('three.All', bytes)).toEqual({ c: 99, colors: ['RED', 7] });
    expect(() => protobuf.encode('three.All', { c: 2 ** 40 })).toThrow(code('ERR_PBC_ENUM'));
    expect(() => protobuf.encode('three.All', { c: 'GREEN' })).toThrow(code('ERR_PBC_ENUM'));
    // One of proto2 has not: it reads as if it had not come.
    expect(protobuf.decode('cs.Numbers', Buffer.from('5063', 'hex'))).toEqual({});
  });

  test('one field of a oneof at most', () => {
    const protobuf = create();
    expect(() => protobuf.encode('cs.Choice', { s: 'a', n: 1 })).toThrow(
      expect.objectContaining({
        code: 'ERR_PBC_ONEOF',
        message: 'cs.Choice: only one of s and n can be set',
      }),
    );
    expect(hex(protobuf.encode('cs.Choice', { s: undefined, n: 0, a: 1 }))).toBe('10002001');
    // The last one on the wire counts.
    expect(protobuf.decode('cs.Choice', Buffer.from('0a01611005', 'hex'))).toEqual({ n: 5 });
  });

  test('an object of which a getter encodes as well', () => {
    const protobuf = create();
    let inner = '';
    const message = {
      name: 'outer',
      get email() {
        inner = hex(protobuf.encode('cs.Person', { name: 'inner' }));
        return 'e';
      },
    };
    expect(protobuf.decode('cs.Person', protobuf.encode('cs.Person', message))).toEqual({
      name: 'outer',
      email: 'e',
    });
    expect(inner).toBe('0a05696e6e6572');
  });

  test('bytes of earlier messages stay as they are, whatever is encoded later', () => {
    const protobuf = create();
    const all = Array.from({ length: 500 }, (_, n) =>
      protobuf.encode('cs.Person', { name: `${n}`.repeat(n % 400) }),
    );
    all.forEach((bytes, n) => {
      expect(protobuf.decode('cs.Person', bytes)).toEqual({ name: `${n}`.repeat(n % 400) });
    });
    expect(() => protobuf.encode('cs.Person', { name: 'x', id: {} as never })).toThrow(code('ERR_PBC_VALUE'));
    const large = protobuf.encode('cs.Person', { name: 'x'.repeat(1_000_000) });
    expect(large).toHaveLength(1_000_004);
    expect(protobuf.decode('cs.Person', all[399] as Buffer)).toEqual({ name: '399'.repeat(399) });
  });
});

describe('reading', () => {
  test('bytes fields have memory of their own, any Uint8Array can be read', () => {
    const protobuf = create();
    const bytes = new Uint8Array(protobuf.encode('cs.Numbers', { by: 'abc', st: 'x' }));
    const data = protobuf.decode('cs.Numbers', bytes.subarray(0)) as { by: Uint8Array; st: string };
    bytes.fill(0);
    expect(Buffer.from(data.by).toString()).toBe('abc');
    expect(data.st).toBe('x');
    expect(() => protobuf.decode('cs.Numbers', 'text' as never)).toThrow(code('ERR_ARGUMENT'));
    expect(() => protobuf.decode('cs.Numbers', null as never)).toThrow(code('ERR_ARGUMENT'));
  });

  test('parts of a message are joined: lists, enums, messages', () => {
    const protobuf = create();
    const one = protobuf.encode('cs.Person', { name: 'a', main: { number: '1', type: 'WORK' }, phone: [{}] });
    const two = protobuf.encode('cs.Person', { name: 'b', main: { number: '2' }, phone: [{ number: '3' }] });
    expect(protobuf.decode('cs.Person', Buffer.concat([one, two]))).toEqual({
      name: 'b',
      main: { number: '2', type: 'WORK' },
      phone: [{}, { number: '3' }],
    });
    const enums = protobuf.encode('cs.Numbers', { enums: ['WORK', 'HOME'] });
    expect(protobuf.decode('cs.Numbers', Buffer.concat([enums, enums]))).toEqual({
      enums: ['WORK', 'HOME', 'WORK', 'HOME'],
    });
  });

  test('entries of maps without key or value', () => {
    const protobuf = create();
    expect(protobuf.decode('cs.Numbers', Buffer.from('7a007a020801', 'hex'))).toEqual({
      counts: { 0: 0n, 1: 0n },
    });
    expect(protobuf.decode('cs.Person', Buffer.from('32030a0161', 'hex'))).toEqual({ by_name: { a: {} } });
  });

  test('unknown types', () => {
    const protobuf = create();
    for (const name of ['cs.Nobody', 'Person', '', 'cs', 'toString', 'cs.Person.PhoneType', '.cs.Person']) {
      expect(() => protobuf.decode(name, new Uint8Array())).toThrow(code('ERR_PBC_TYPE'));
      expect(() => protobuf.encode(name, {})).toThrow(code('ERR_PBC_TYPE'));
    }
    expect(() => protobuf.encode(5 as never, {} as never)).toThrow(code('ERR_PBC_TYPE'));
  });
});

describe('the rest', () => {
  test('enumId', () => {
    const protobuf = create();
    expect(protobuf.enumId('cs.Person.PhoneType', 'WORK')).toBe(2);
    expect(protobuf.enumId('cs.Person.PhoneType', 'MOBILE')).toBe(0);
    expect(protobuf.enumId('cs.Person.PhoneType', 'NOBODY')).toBeUndefined();
    expect(protobuf.enumId('cs.Person.PhoneType', 'toString')).toBeUndefined();
    expect(protobuf.enumId('cs.Person.PhoneType', '2')).toBeUndefined();
    expect(protobuf.enumId('cs.Nobody', 'WORK')).toBeUndefined();
  });

  test('check', () => {
    const protobuf = create();
    expect(protobuf.check('cs.Person')).toBe(true);
    expect(protobuf.check('cs.Person', 'email')).toBe(true);
    expect(protobuf.check('cs.Person', 'nobody')).toBe(false);
    expect(protobuf.check('cs.Person', 'toString')).toBe(false);
    expect(protobuf.check('cs.Nobody')).toBe(false);
    expect(protobuf.check('cs.Nobody', 'email')).toBe(false);
    expect(protobuf.check('cs.Person.PhoneType')).toBe(false);
  });

  test('extract gives plain objects with what was there', () => {
    const protobuf = create();
    const message = {
      name: 'a',
      phone: [{ number: '1', type: 'WORK' }],
      by_name: JSON.parse('{"x":{"number":"2"},"__proto__":{"number":"3"}}') as Record<string, unknown>,
    };
    const plain = protobuf.extract(protobuf.decode('cs.Person', protobuf.encode('cs.Person', message)));
    expect(plain).toStrictEqual(message);
    expect(Object.getPrototypeOf(plain)).toBe(Object.prototype);
    expect(Object.getPrototypeOf((plain as typeof message).phone[0])).toBe(Object.prototype);
    expect(Object.keys((plain as typeof message).by_name)).toEqual(['x', '__proto__']);
  });

  test("JSON is protobuf's own mapping", () => {
    const protobuf = create();
    const fields = { i64: 2n ** 62n, by: 'abc', en: 'WORK', fl: Number.NaN, list: [1], counts: { 1: 5n } };
    expect(JSON.stringify(protobuf.decode('cs.Numbers', protobuf.encode('cs.Numbers', fields)))).toBe(
      '{"i64":"4611686018427387904","fl":"NaN","by":"YWJj","en":"WORK","list":[1],"counts":{"1":"5"}}',
    );
  });

  test('types, fields and enumValues tell what is registered', () => {
    const protobuf = create();
    expect(protobuf.types().messages).toContain('cs.Person.PhoneNumber');
    expect(protobuf.types().enums).toEqual(['cs.Person.PhoneType', 'three.Color']);
    expect(protobuf.enumValues('three.Color')).toEqual({ NONE: 0, RED: 1 });
    expect(protobuf.fields('cs.Choice')[2]).toEqual({
      name: 'person',
      id: 3,
      type: 'cs.Person',
      kind: 'message',
      label: 'single',
      keyType: undefined,
      oneof: 'pick',
    });
    expect(() => protobuf.fields('cs.Nobody')).toThrow(code('ERR_PBC_TYPE'));
    expect(() => protobuf.enumValues('cs.Person')).toThrow(code('ERR_PBC_TYPE'));
  });

  test('lastError is empty at first, and tells the last error', () => {
    const protobuf = create();
    expect(protobuf.lastError()).toBe('');
    expect(() => protobuf.decode('cs.Person', new Uint8Array([8]))).toThrow();
    expect(protobuf.lastError()).toMatch(/^cs\.Person cannot be decoded: /);
  });

  test.each([[{ maxSize: 0 }], [{ maxSize: '1' }], [{ maxsize: 5 }], [5]])(
    'options %j are refused',
    (options) => {
      expect(() => createProtobuf(undefined, options as never)).toThrow(code('ERR_ARGUMENT'));
    },
  );
});

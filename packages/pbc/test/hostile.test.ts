import { createProtobuf, type Protobuf } from '@skynet/pbc';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { anyMessage } from './message-values.ts';
import { PROTOS } from './protoc.ts';

const code = (expected: string) => expect.objectContaining({ code: expected });

const TYPES = [
  'test.two.Scalars',
  'test.two.Lists',
  'test.two.Holder',
  'test.two.Grouped',
  'test.three.All',
] as const;

function create(): Protobuf {
  const protobuf = createProtobuf();
  for (const file of ['two.proto', 'three.proto']) protobuf.registerFile(`${PROTOS}/${file}`);
  protobuf.register(`
    syntax = "proto2"; package hostile;
    message Deep { optional Deep deep = 1; repeated Deep list = 2; map<string, Deep> entries = 3; optional int32 n = 4;
      optional group Part = 5 { optional Deep deep = 1; } }
    message Odd { optional int32 constructor = 1; repeated int32 toString = 2; optional string hasOwnProperty = 3;
      map<string, int32> valueOf = 4; optional Odd __defineGetter__ = 5; }
    message Map { map<string, int32> entries = 1; }
  `);
  return protobuf;
}

/** What a decoder makes of bytes; everything but an error with a code is a failure. */
function outcome(work: () => unknown): string {
  try {
    work();
    return 'read';
  } catch (error) {
    return String((error as { code?: string }).code);
  }
}

describe('malformed bytes', () => {
  test.each(TYPES)('%s: bytes at random are read, or refused with a code', (type) => {
    const protobuf = create();
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
        expect(outcome(() => protobuf.decode(type, bytes))).toMatch(/^(read|ERR_PBC_DECODE|ERR_PBC_DEPTH)$/);
      }),
      { numRuns: 2000 },
    );
  });

  test.each(TYPES)('%s: messages that were changed in places, or cut off', (type) => {
    const protobuf = create();
    const change = fc.record({ at: fc.nat({ max: 200 }), to: fc.nat({ max: 255 }) });
    fc.assert(
      fc.property(
        anyMessage(protobuf, type),
        fc.array(change, { maxLength: 4 }),
        fc.nat(300),
        (message, changes, end) => {
          const bytes = Buffer.from(protobuf.encode(type, message)).subarray(0, end);
          for (const { at, to } of changes) if (at < bytes.length) bytes[at] = to;
          expect(outcome(() => protobuf.decode(type, bytes))).toMatch(
            /^(read|ERR_PBC_DECODE|ERR_PBC_DEPTH)$/,
          );
          // What could be read can be written, too.
          if (outcome(() => protobuf.decode(type, bytes)) === 'read')
            protobuf.decode(type, protobuf.encode(type, protobuf.decode(type, bytes)));
        },
      ),
      { numRuns: 500 },
    );
  });

  test.each([
    ['a length beyond the end', '72ffffffff07'],
    ['a length of a list beyond the end', '5affffffff0f'],
    ['a number without an end', '08ffffffffffffffffffffff'],
    ['an unknown wire type', '0e'],
    ['the end of a group that never began', '0c'],
    ['field number 0', '0001'],
    ['text that is no UTF-8', '7202c328'],
  ])('%s: ERR_PBC_DECODE', (_title, hex) => {
    const protobuf = create();
    expect(() => protobuf.decode('test.two.Scalars', Buffer.from(hex, 'hex'))).toThrow(
      code('ERR_PBC_DECODE'),
    );
  });

  test('unknown fields leave nothing behind', () => {
    const data = create().decode('hostile.Map', Buffer.from('a00601a206026162', 'hex'));
    expect(Object.getOwnPropertyNames(data)).toEqual([]);
  });

  test('the error says nothing of what was read', () => {
    const protobuf = create();
    const bytes = Buffer.concat([Buffer.from('7206', 'hex'), Buffer.from('\x1b[2J\xff\xff', 'latin1')]);
    expect(() => protobuf.decode('test.two.Scalars', bytes)).toThrow(
      'test.two.Scalars cannot be decoded: text that is not UTF-8',
    );
  });

  test('descriptor sets and texts at random are refused with a code, and nothing is left of them', () => {
    const protobuf = create();
    const before = protobuf.types();
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array({ maxLength: 100 }), fc.string()), (content) => {
        const result = outcome(() => protobuf.register(content));
        expect(result).toMatch(/^(read|ERR_PBC_SCHEMA|ERR_PBC_FILE)$/);
      }),
      { numRuns: 500 },
    );
    expect(protobuf.types()).toEqual(before);
  });

  test('texts made of pieces of definitions', () => {
    const pieces = [
      'message',
      'M',
      '{',
      '}',
      'optional',
      'int32',
      'n',
      '=',
      '1',
      ';',
      'enum',
      'oneof',
      'map<',
      '>',
      ',',
      '[',
      ']',
      'extend',
      'default',
      '"x"',
      'group',
      'G',
      'package',
      'a.b',
      'repeated',
      'syntax',
      '"proto3"',
      'reserved',
      'to',
      'max',
      '-',
      '//',
      '/*',
      '\n',
      '(',
      ')',
      'import',
      'option',
      '.',
      'service',
      'rpc',
      '__proto__',
      'constructor',
    ];
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...pieces), { maxLength: 40 }), (words) => {
        const protobuf = createProtobuf();
        expect(outcome(() => protobuf.register(words.join(' ')))).toMatch(
          /^(read|ERR_PBC_SCHEMA|ERR_PBC_FILE)$/,
        );
      }),
      { numRuns: 2000 },
    );
  });
});

describe('limits', () => {
  const nested = (depth: number, wrap: (inner: object) => object): object => {
    let message: object = { n: 1 };
    for (let i = 0; i < depth; i++) message = wrap(message);
    return message;
  };

  test.each([
    ['messages', (deep: object) => ({ deep })],
    ['lists', (inner: object) => ({ list: [inner] })],
    ['maps', (inner: object) => ({ entries: { a: inner } })],
  ])('%s: a hundred deep, and no deeper', (_title, wrap) => {
    const protobuf = create();
    const message = nested(100, wrap);
    expect(protobuf.decode('hostile.Deep', protobuf.encode('hostile.Deep', message))).toEqual(message);
    expect(() => protobuf.encode('hostile.Deep', nested(101, wrap))).toThrow(code('ERR_PBC_DEPTH'));
    expect(() => protobuf.encode('hostile.Deep', nested(100_000, wrap))).toThrow(code('ERR_PBC_DEPTH'));
    // One message around bytes that are as deep as they may be.
    const bytes = protobuf.encode('hostile.Deep', message);
    const deeper = protobuf.pack('hostile.Deep list', [bytes]);
    expect(() => protobuf.decode('hostile.Deep', deeper)).toThrow(code('ERR_PBC_DEPTH'));
  });

  test.each([
    ['messages, each cut off', Buffer.alloc(100_000, 0x0a)],
    ['groups', Buffer.alloc(100_000, 0x2b)],
    ['groups of an unknown field', Buffer.alloc(100_000, 0x33)],
  ])('%s: bytes that only nest', (_title, bytes) => {
    expect(outcome(() => create().decode('hostile.Deep', bytes))).toMatch(/^ERR_PBC_(DECODE|DEPTH)$/);
  });

  test('a message that contains itself', () => {
    const protobuf = create();
    const loop: Record<string, unknown> = {};
    loop['deep'] = loop;
    expect(() => protobuf.encode('hostile.Deep', loop)).toThrow(code('ERR_PBC_DEPTH'));
    expect(() => protobuf.default('hostile.Deep', loop)).toThrow(code('ERR_PBC_DEPTH'));
    expect(() => protobuf.extract(loop)).toThrow(code('ERR_PBC_DEPTH'));
  });

  test('maxSize, for what is written and for what is read', () => {
    const protobuf = createProtobuf(undefined, { maxSize: 10 });
    protobuf.register('syntax = "proto3"; message M { string s = 1; }');
    const bytes = protobuf.encode('M', { s: '12345678' });
    expect(bytes).toHaveLength(10);
    expect(protobuf.decode('M', bytes)).toEqual({ s: '12345678' });
    expect(() => protobuf.encode('M', { s: '123456789' })).toThrow(
      expect.objectContaining({
        code: 'ERR_PBC_SIZE',
        message: 'M: 11 bytes, where 10 are allowed',
        details: { type: 'M', size: 11, maxSize: 10 },
      }),
    );
    expect(() => protobuf.decode('M', new Uint8Array(11))).toThrow(code('ERR_PBC_SIZE'));
    expect(() => protobuf.unpack('M s', new Uint8Array(11))).toThrow(code('ERR_PBC_SIZE'));
    // The next message is none the worse for it.
    expect(protobuf.decode('M', protobuf.encode('M', { s: 'x' }))).toEqual({ s: 'x' });
  });
});

describe('keys', () => {
  test('__proto__ is a key of a map like any other, and changes nobody else', () => {
    const protobuf = create();
    const entries = JSON.parse('{"__proto__": 5, "constructor": 6}') as Record<string, number>;
    const bytes = protobuf.encode('hostile.Map', { entries });
    const data = protobuf.decode('hostile.Map', bytes) as { entries: Record<string, number> };
    expect(Object.keys(data.entries)).toEqual(['__proto__', 'constructor']);
    expect(Object.getOwnPropertyDescriptor(data.entries, '__proto__')?.value).toBe(5);
    expect(Object.getPrototypeOf(data.entries)).toBe(Object.prototype);
    expect(({} as Record<string, unknown>)['x']).toBeUndefined();
    expect(JSON.stringify(data)).toBe('{"entries":{"__proto__":5,"constructor":6}}');
    expect(protobuf.encode('hostile.Map', data).equals(bytes)).toBe(true);
  });

  test('__proto__ and the like as keys of a message are unknown fields', () => {
    const protobuf = create();
    for (const key of ['__proto__', 'constructor', 'toString', '$unknowns', '$type'])
      expect(() =>
        protobuf.encode(
          'hostile.Map',
          JSON.parse(`{${JSON.stringify(key)}: {"entries": {"a": 1}}}`) as object,
        ),
      ).toThrow(
        expect.objectContaining({ code: 'ERR_PBC_FIELD', details: { type: 'hostile.Map', field: key } }),
      );
  });

  test('fields may be called what every object has', () => {
    const protobuf = create();
    expect(protobuf.encode('hostile.Odd', {})).toHaveLength(0);
    const odd = {
      constructor: 5,
      toString: [1, 2],
      hasOwnProperty: 'x',
      valueOf: { a: 1 },
      __defineGetter__: { constructor: 7 },
    };
    const data = protobuf.decode('hostile.Odd', protobuf.encode('hostile.Odd', odd as never));
    expect({ ...data }).toEqual(odd);
    expect(protobuf.encode('hostile.Odd', { hasOwnProperty: 'y' })).toHaveLength(3);
    expect({ ...protobuf.decode('hostile.Odd', new Uint8Array()) }).toEqual({});
    expect(protobuf.encode('hostile.Odd', data as never).length).toBeGreaterThan(10);
  });

  test('inherited keys are not written', () => {
    const protobuf = create();
    const child = Object.create({ n: 1, list: [{}] }) as object;
    expect(protobuf.encode('hostile.Deep', child)).toHaveLength(0);
  });
});

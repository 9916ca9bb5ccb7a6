import { createProtobuf, type MessageInput } from '@skynet/pbc';
import { expect, expectTypeOf, test } from 'vitest';
import type { All, Messages, Person } from './fixtures/messages.ts';
import { PROTOS } from './protoc.ts';

const typed = () => {
  const protobuf = createProtobuf<Messages>();
  for (const name of ['two.proto', 'three.proto']) protobuf.registerFile(`${PROTOS}/${name}`);
  return protobuf;
};

test('what is decoded has the type that its name stands for', () => {
  const protobuf = typed();
  const bytes = protobuf.encode('test.two.Person', {
    name: 'a',
    id: 1,
    phone: [{ number: '1', type: 'WORK' }],
  });
  const person = protobuf.decode('test.two.Person', bytes);
  expectTypeOf(person).toEqualTypeOf<Person>();
  expectTypeOf(person.name).toEqualTypeOf<string>();
  expectTypeOf(person.phone[0]?.type).toEqualTypeOf<'MOBILE' | 'HOME' | 'WORK' | undefined>();
  expect(person.phone[0]?.type).toBe('WORK');
  const all = protobuf.decode('test.three.All', new Uint8Array());
  expectTypeOf(all.i64).toEqualTypeOf<bigint>();
  expectTypeOf(all.by).toEqualTypeOf<Uint8Array>();
  expectTypeOf(all.color).toEqualTypeOf<'NONE' | 'RED' | 'BLUE' | number>();
  expectTypeOf(all.msi).toEqualTypeOf<{ readonly [key: string]: number }>();
  expectTypeOf(protobuf.extract(all)).toEqualTypeOf<All>();
  expectTypeOf(protobuf.default('test.three.All', { i32: 1 })).toEqualTypeOf<All>();
});

test('what is encoded may be part of it, and what is converted without loss', () => {
  const protobuf = typed();
  const input: MessageInput<All> = {
    i32: 5n,
    i64: '9007199254740993',
    u64: 7,
    by: 'text',
    color: 5,
    oc: 'RED',
    point: { x: 1 },
    lu: [1, 2n, '3'],
    msc: { a: 'RED', b: 5 },
    st: null,
    oi: undefined,
  };
  expect(
    protobuf.extract(protobuf.decode('test.three.All', protobuf.encode('test.three.All', input))),
  ).toEqual({
    i32: 5,
    i64: 9_007_199_254_740_993n,
    u64: 7n,
    by: Buffer.from('text'),
    color: 'BLUE',
    oc: 'RED',
    point: { x: 1 },
    lu: [1n, 2n, 3n],
    msc: { a: 'RED', b: 'BLUE' },
  });
});

test('wrong names and values do not compile', () => {
  const protobuf = typed();
  // @ts-expect-error there is no such message type
  expect(() => protobuf.encode('test.two.Persom', {})).toThrow();
  // @ts-expect-error no such field
  expect(() => protobuf.encode('test.two.Person', { nmae: 'a' })).toThrow();
  // @ts-expect-error not a list
  expect(() => protobuf.encode('test.two.Person', { phone: {} })).toThrow();
  // @ts-expect-error no such name
  expect(() => protobuf.encode('test.two.Person', { phone: [{ type: 'NOBODY' }] })).toThrow();
  // @ts-expect-error an object is no number
  expect(() => protobuf.encode('test.three.All', { i32: {} })).toThrow();
  expectTypeOf(protobuf.decode).parameter(0).toEqualTypeOf<keyof Messages>();
});

test('without types any name and field can be used', () => {
  const protobuf = createProtobuf();
  protobuf.register('syntax = "proto3"; message M { int32 n = 1; }');
  const message = protobuf.decode('M', protobuf.encode('M', { n: 1 }));
  expectTypeOf(message['n']).toEqualTypeOf<unknown>();
  expect(message['n']).toBe(1);
});

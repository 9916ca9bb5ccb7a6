import { uncoded } from '@skynet/core/testing';
import { createProtobuf, type Protobuf } from '@skynet/pbc';
import { expect, test } from 'vitest';
import { PROTOS } from './protoc.ts';

function create(): Protobuf {
  const protobuf = createProtobuf();
  for (const name of ['two.proto', 'three.proto']) protobuf.registerFile(`${PROTOS}/${name}`);
  return protobuf;
}

test('arguments that are nonsense are refused with a code', async () => {
  const protobuf = create();
  const bytes = new Uint8Array();
  expect(
    await uncoded({
      createProtobuf: (value: never) => createProtobuf(undefined, value),
      'createProtobuf maxSize': (value: never) => createProtobuf(undefined, { maxSize: value }),
      register: (value: never) => protobuf.register(value),
      'register options': (value: never) => protobuf.register('syntax = "proto3";', value),
      'register folders': (value: never) => protobuf.register('import "x.proto";', { folders: value }),
      registerFile: (value: never) => protobuf.registerFile(value),
      'registerFile options': (value: never) => protobuf.registerFile(`${PROTOS}/two.proto`, value),
      'encode type': (value: never) => protobuf.encode(value, {}),
      'encode message': (value: never) => protobuf.encode('test.two.Person', value),
      'decode type': (value: never) => protobuf.decode(value, bytes),
      'decode bytes': (value: never) => protobuf.decode('test.two.Person', value),
      'enumId type': (value: never) => protobuf.enumId(value, 'HOME'),
      'enumId name': (value: never) => protobuf.enumId('test.two.Kind', value),
      'default type': (value: never) => protobuf.default(value, {}),
      'default message': (value: never) => protobuf.default('test.two.Person', value),
      extract: (value: never) => protobuf.extract(value),
      'check type': (value: never) => protobuf.check(value),
      'check field': (value: never) => protobuf.check('test.two.Person', value),
      'pack pattern': (value: never) => protobuf.pack(value, 1),
      'pack value': (value: never) => protobuf.pack('test.two.Person phone', value),
      'unpack pattern': (value: never) => protobuf.unpack(value, bytes),
      'unpack bytes': (value: never) => protobuf.unpack('test.two.Person name', value),
      fields: (value: never) => protobuf.fields(value),
      enumValues: (value: never) => protobuf.enumValues(value),
    }),
  ).toEqual([]);
});

test.each(['test.two.Scalars', 'test.two.Lists', 'test.two.Holder', 'test.two.Choice', 'test.three.All'])(
  '%s: nonsense in each of its fields',
  async (type) => {
    const protobuf = create();
    const calls = protobuf
      .fields(type)
      .flatMap(({ name }) => [
        [name, (value: never) => protobuf.encode(type, { [name]: value })] as const,
        [`${name} in a list`, (value: never) => protobuf.encode(type, { [name]: [value] })] as const,
        [`${name} in an object`, (value: never) => protobuf.encode(type, { [name]: { a: value } })] as const,
        [`${name} by default()`, (value: never) => protobuf.default(type, { [name]: value })] as const,
      ]);
    expect(await uncoded(Object.fromEntries(calls))).toEqual([]);
  },
);

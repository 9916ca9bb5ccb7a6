import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { createProtobuf, type Protobuf } from '@skynet/pbc';
import descriptor from 'protobufjs/ext/descriptor.js';
import { describe, expect, onTestFinished, test } from 'vitest';
import { NO_PROTOC, PROTOS, protocCompile, WHY_NOT } from './protoc.ts';

const code = (expected: string) => expect.objectContaining({ code: expected });

/** A folder with these files; it goes with the test. */
function folderWith(files: Readonly<Record<string, string | Uint8Array>>): string {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'skynet-pbc-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(path.dirname(path.join(folder, name)), { recursive: true });
    writeFileSync(path.join(folder, name), content);
  }
  return folder;
}

const message = (name: string, fields = 'optional int32 n = 1;', space = 'reg'): string =>
  `syntax = "proto2"; package ${space}; message ${name} { ${fields} }`;

/** A descriptor set, as others than protoc could write it. */
function setOf(...files: object[]): Buffer {
  const { FileDescriptorSet } = descriptor;
  return Buffer.from(FileDescriptorSet.encode(FileDescriptorSet.fromObject({ file: files })).finish());
}

const works = (protobuf: Protobuf, type: string): void => {
  expect(protobuf.decode(type, protobuf.encode(type, { n: 5 }))).toEqual({ n: 5 });
};

describe('texts', () => {
  test('a text is registered; the same again changes nothing', () => {
    const protobuf = createProtobuf();
    protobuf.register(message('One'));
    protobuf.register(message('One'), { name: 'again.proto' });
    protobuf.register(`// A comment.\n\n${message('One').replaceAll(' ', '  ')}`);
    works(protobuf, 'reg.One');
    expect(protobuf.types().messages).toEqual(['reg.One']);
  });

  test('each of these objects without a service has types of its own', () => {
    const one = createProtobuf();
    const two = createProtobuf();
    one.register(message('One'));
    expect(two.check('reg.One')).toBe(false);
  });

  test('another definition of a name is refused, and nothing of its file is there', () => {
    const protobuf = createProtobuf();
    protobuf.register(message('One'));
    const other = `${message('Two')} message One { optional string n = 1; }`;
    expect(() => protobuf.register(other, { name: 'other.proto' })).toThrow(
      expect.objectContaining({
        code: 'ERR_PBC_CONFLICT',
        message: 'other.proto: reg.One is registered already, with another definition',
        details: { file: 'other.proto', name: 'reg.One' },
      }),
    );
    expect(protobuf.types().messages).toEqual(['reg.One']);
    works(protobuf, 'reg.One');
    protobuf.register(message('Two'));
    works(protobuf, 'reg.Two');
  });

  test.each([
    ['no definition at all', 'hello world'],
    ['a field without number', message('One', 'optional int32 n;')],
    ['two fields of one number', message('One', 'optional int32 n = 1; optional int32 m = 1;')],
    ['two fields of one name', message('One', 'optional int32 n = 1; optional int32 n = 2;')],
    ['a type nobody has registered', message('One', 'optional Nobody n = 1;')],
    ['a message as type that stands elsewhere', `${message('One', 'message In {} optional Two.In n = 1;')}`],
    ['an extension of nothing', `${message('One')} extend Nobody { optional int32 n = 100; }`],
    ['an unfinished message', 'syntax = "proto2"; message One {'],
    ['an unknown syntax', 'syntax = "proto4"; message One {}'],
    ['binary', '\0\u0001\u0002\ufffd'],
  ])('%s: ERR_PBC_SCHEMA, and nothing has changed', (_title, text) => {
    const protobuf = createProtobuf();
    protobuf.register(message('Zero'));
    expect(() => protobuf.register(text, { name: 'bad.proto' })).toThrow(
      expect.objectContaining({ code: 'ERR_PBC_SCHEMA', details: { file: 'bad.proto' } }),
    );
    expect(protobuf.types().messages).toEqual(['reg.Zero']);
    works(protobuf, 'reg.Zero');
  });

  test('names mean what stands nearest, from inside out, and nothing in other packages', () => {
    const protobuf = createProtobuf();
    protobuf.register(`
      syntax = "proto2"; package near;
      message In { optional int32 outer = 1; }
      message One {
        optional Other other = 1;
        optional In here = 2;
        message In { optional int32 inner = 1; }
        optional near.In there = 3;
      }
      message Other { optional In outer = 1; message Deeper { message In { optional int32 deep = 1; } } }
    `);
    const bytes = protobuf.encode('near.One', {
      here: { inner: 1 },
      there: { outer: 2 },
      other: { outer: { outer: 3 } },
    });
    expect(protobuf.decode('near.One', bytes)).toEqual({
      here: { inner: 1 },
      there: { outer: 2 },
      other: { outer: { outer: 3 } },
    });
    expect(() =>
      protobuf.register('syntax = "proto2"; package far; message Two { optional Deeper n = 1; }'),
    ).toThrow('far.Two.n is of type Deeper, which nobody has registered');
  });

  test('an extension is a field of the message it extends, under its full name, also when it comes later', () => {
    const protobuf = createProtobuf();
    protobuf.register(
      'syntax = "proto2"; package ext; message Open { optional int32 a = 1; extensions 100 to 200; } message Outer { optional Open open = 1; }',
    );
    const outer = { open: { a: 1 } };
    const before = protobuf.encode('ext.Outer', outer);
    protobuf.register(`
      syntax = "proto2"; package more;
      message Part { optional int32 n = 1; }
      extend ext.Open { optional string note = 100; repeated Part parts = 101; }
      message Holder { extend ext.Open { optional bool flag = 102; } }
    `);
    const open = { a: 1, 'more.note': 'x', 'more.parts': [{ n: 1 }, {}], 'more.Holder.flag': true };
    const bytes = protobuf.encode('ext.Outer', { open });
    expect(protobuf.decode('ext.Outer', bytes)).toEqual({ open });
    expect(protobuf.decode('ext.Outer', before)).toEqual(outer);
    expect((protobuf.decode('ext.Open', new Uint8Array()) as Record<string, unknown>)['more.note']).toBe('');
    expect(() => protobuf.encode('ext.Open', { note: 'x' })).toThrow(code('ERR_PBC_FIELD'));
    expect(protobuf.check('ext.Open', 'more.note')).toBe(true);
  });

  test("files of Google's own may be imported without being there", () => {
    const protobuf = createProtobuf();
    protobuf.register(`
      syntax = "proto3"; package g;
      import "google/protobuf/timestamp.proto";
      import "google/protobuf/struct.proto";
      import "google/protobuf/any.proto";
      import "google/protobuf/wrappers.proto";
      import "google/protobuf/descriptor.proto";
      extend google.protobuf.FieldOptions { string label = 50000; }
      message M {
        google.protobuf.Timestamp at = 1 [(g.label) = "when"];
        google.protobuf.Value value = 2;
        google.protobuf.Any any = 3;
        google.protobuf.Int64Value wide = 4;
      }
    `);
    const value = {
      at: { seconds: 1n, nanos: 2 },
      value: {
        struct_value: {
          fields: { a: { list_value: { values: [{ null_value: 'NULL_VALUE' }, { number_value: 1 }] } } },
        },
      },
      any: { type_url: 'x/y', value: Buffer.from('z') },
      wide: { value: 5n },
    };
    expect(protobuf.decode('g.M', protobuf.encode('g.M', value))).toEqual(value);
  });

  test.each([5, null, undefined, {}, [], new URL('http://localhost/x.pb')])('%o is no content', (content) => {
    expect(() => createProtobuf().register(content as never)).toThrow(code('ERR_ARGUMENT'));
    expect(() => createProtobuf().registerFile(content as never)).toThrow(code('ERR_ARGUMENT'));
  });

  test.each([[{ folder: 'x' }], [{ folders: 5 }], [{ folders: [5] }], [{ name: 5 }], [5]])(
    'options %j are refused',
    (options) => {
      expect(() => createProtobuf().register(message('One'), options as never)).toThrow(code('ERR_ARGUMENT'));
    },
  );
});

describe('files', () => {
  test('a .proto file is read with what it imports, from folders or beside it', () => {
    const folder = folderWith({
      'game/login.proto': `import "common/base.proto"; import "beside.proto"; ${message('Login', 'optional Base base = 1; optional Beside beside = 2;')}`,
      'game/beside.proto': message('Beside'),
      'protos/common/base.proto': `import "common/deeper.proto"; ${message('Base', 'optional Deeper deeper = 1;')}`,
      'protos/common/deeper.proto': `import "common/base.proto"; ${message('Deeper')}`,
    });
    for (const file of [
      path.join(folder, 'game/login.proto'),
      pathToFileURL(path.join(folder, 'game/login.proto')),
    ]) {
      const protobuf = createProtobuf();
      protobuf.registerFile(file, { folders: path.join(folder, 'protos') });
      const value = { base: { deeper: { n: 1 } }, beside: { n: 2 } };
      expect(protobuf.decode('reg.Login', protobuf.encode('reg.Login', value))).toEqual(value);
    }
  });

  test('an import may be registered already, under its name', () => {
    const folder = folderWith({
      'login.proto': `import "base.proto"; ${message('Login', 'optional Base base = 1;')}`,
    });
    const protobuf = createProtobuf();
    expect(() => protobuf.registerFile(path.join(folder, 'login.proto'))).toThrow(
      expect.objectContaining({ code: 'ERR_PBC_FILE', details: { file: 'base.proto' } }),
    );
    protobuf.register(message('Base'), { name: 'base.proto' });
    protobuf.registerFile(path.join(folder, 'login.proto'));
    expect(protobuf.check('reg.Login', 'base')).toBe(true);
  });

  test('files that are not there, or are none', () => {
    const folder = folderWith({ 'bad.proto': 'hello', 'bad.pb': 'hello', 'empty.pb': '' });
    const protobuf = createProtobuf();
    expect(() => protobuf.registerFile(path.join(folder, 'nobody.pb'))).toThrow(
      expect.objectContaining({
        code: 'ERR_PBC_FILE',
        message: expect.stringContaining('no such file'),
        details: { file: path.join(folder, 'nobody.pb') },
      }),
    );
    expect(() => protobuf.registerFile(folder)).toThrow(code('ERR_PBC_FILE'));
    for (const name of ['bad.proto', 'bad.pb', 'empty.pb'])
      expect(() => protobuf.registerFile(path.join(folder, name))).toThrow(code('ERR_PBC_SCHEMA'));
  });

  test('the file names a line', () => {
    const folder = folderWith({
      'bad.proto': 'syntax = "proto2";\n\nmessage One {\n  optional int32 n;\n}\n',
    });
    expect(() => createProtobuf().registerFile(path.join(folder, 'bad.proto'))).toThrow(
      /^bad\.proto: .*\(line 4\)$/,
    );
  });
});

describe('descriptor sets', () => {
  const person = {
    name: 'person.proto',
    package: 'set',
    messageType: [
      {
        name: 'Person',
        field: [
          { name: 'n', number: 1, label: 'LABEL_REQUIRED', type: 'TYPE_INT32' },
          {
            name: 'phone_type',
            number: 2,
            label: 'LABEL_OPTIONAL',
            type: 'TYPE_ENUM',
            typeName: '.set.Kind',
            defaultValue: 'WORK',
          },
        ],
      },
    ],
    enumType: [
      {
        name: 'Kind',
        value: [
          { name: 'HOME', number: 0 },
          { name: 'WORK', number: 1 },
        ],
      },
    ],
  };

  test('names stay as they are in the file; a required field may be missing', () => {
    const protobuf = createProtobuf();
    protobuf.register(setOf(person));
    protobuf.register(setOf(person));
    works(protobuf, 'set.Person');
    expect(protobuf.decode('set.Person', new Uint8Array())).toEqual({});
    expect(protobuf.decode('set.Person', new Uint8Array())['phone_type']).toBe('WORK');
  });

  test('a file may stand on one that another set has brought, in any order within a set', () => {
    const user = {
      name: 'user.proto',
      package: 'set',
      dependency: ['person.proto'],
      messageType: [
        {
          name: 'User',
          field: [
            {
              name: 'person',
              number: 1,
              label: 'LABEL_OPTIONAL',
              type: 'TYPE_MESSAGE',
              typeName: '.set.Person',
            },
          ],
        },
      ],
    };
    const protobuf = createProtobuf();
    expect(() => protobuf.register(setOf(user))).toThrow(code('ERR_PBC_SCHEMA'));
    expect(protobuf.types().messages).toEqual([]);
    protobuf.register(setOf(person));
    protobuf.register(setOf(user));
    protobuf.register(setOf(user, person));
    const other = createProtobuf();
    other.register(setOf(user, person));
    for (const each of [protobuf, other])
      expect(each.decode('set.User', each.encode('set.User', { person: { n: 1 } }))).toEqual({
        person: { n: 1 },
      });
  });

  test.each([
    [
      'a type without name',
      { messageType: [{ name: 'A', field: [{ name: 'n', number: 1, label: 1, type: 11 }] }] },
    ],
    ['a field without number', { messageType: [{ name: 'A', field: [{ name: 'n', label: 1, type: 5 }] }] }],
    [
      'an unknown type of field',
      { messageType: [{ name: 'A', field: [{ name: 'n', number: 1, label: 1, type: 77 }] }] },
    ],
    ['an edition of the future', { syntax: 'editions', edition: 9999, messageType: [{ name: 'A' }] }],
  ])('%s: ERR_PBC_SCHEMA', (_title, file) => {
    expect(() => createProtobuf().register(setOf({ name: 'bad.proto', ...file }))).toThrow(
      code('ERR_PBC_SCHEMA'),
    );
  });

  test('editions: what a file says for all its fields', () => {
    const edition = (features: object) => {
      const protobuf = createProtobuf();
      protobuf.register(
        setOf({
          name: 'edition.proto',
          syntax: 'editions',
          edition: 'EDITION_2023',
          options: { features },
          messageType: [
            {
              name: 'E',
              field: [
                { name: 'n', number: 1, label: 'LABEL_OPTIONAL', type: 'TYPE_INT32' },
                { name: 'list', number: 2, label: 'LABEL_REPEATED', type: 'TYPE_INT32' },
              ],
            },
          ],
        }),
      );
      return protobuf.encode('E', { n: 0, list: [1, 2] }).toString('hex');
    };
    expect(edition({})).toBe('080012020102');
    expect(edition({ fieldPresence: 'IMPLICIT' })).toBe('12020102');
    expect(edition({ fieldPresence: 'LEGACY_REQUIRED', repeatedFieldEncoding: 'EXPANDED' })).toBe(
      '080010011002',
    );
  });

  test.skipIf(NO_PROTOC !== undefined)(`sets of protoc that share files${WHY_NOT}`, () => {
    const folder = folderWith({
      'two.pb': protocCompile(['two.proto'], '--include_imports'),
      'base.pb': protocCompile(['common/base.proto']),
      'three.pb': protocCompile(['three.proto']),
      'told.pb': protocCompile(['three.proto'], '--include_source_info'),
    });
    const protobuf = createProtobuf();
    for (const name of ['base.pb', 'two.pb', 'three.pb', 'two.pb', 'told.pb'])
      protobuf.registerFile(path.join(folder, name));
    const stamp = { at: { seconds: 5n } };
    expect(protobuf.decode('test.common.Stamp', protobuf.encode('test.common.Stamp', stamp))).toEqual(stamp);
    // The same in another form is another definition.
    expect(() => protobuf.registerFile(`${PROTOS}/two.proto`)).toThrow(code('ERR_PBC_CONFLICT'));
  });
});

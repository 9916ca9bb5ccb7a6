import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

// The files of Google's own that may be imported without being there. The library has them too, but with other names
// of fields than protoc.

const FILES: Readonly<Record<string, string>> = {
  any: 'message Any { string type_url = 1; bytes value = 2; }',
  duration: 'message Duration { int64 seconds = 1; int32 nanos = 2; }',
  empty: 'message Empty {}',
  field_mask: 'message FieldMask { repeated string paths = 1; }',
  struct: `
    message Struct { map<string, Value> fields = 1; }
    message Value {
      oneof kind {
        NullValue null_value = 1;
        double number_value = 2;
        string string_value = 3;
        bool bool_value = 4;
        Struct struct_value = 5;
        ListValue list_value = 6;
      }
    }
    enum NullValue { NULL_VALUE = 0; }
    message ListValue { repeated Value values = 1; }`,
  timestamp: 'message Timestamp { int64 seconds = 1; int32 nanos = 2; }',
  wrappers: `
    message DoubleValue { double value = 1; }
    message FloatValue { float value = 1; }
    message Int64Value { int64 value = 1; }
    message UInt64Value { uint64 value = 1; }
    message Int32Value { int32 value = 1; }
    message UInt32Value { uint32 value = 1; }
    message BoolValue { bool value = 1; }
    message StringValue { string value = 1; }
    message BytesValue { bytes value = 1; }`,
};

/** Those that come with the library as they are. */
const OF_LIBRARY = new Set(['api', 'descriptor', 'source_context', 'type']);

/** Text of a file of Google's own, by the name it is imported under; undefined if it is none. */
export function wellKnownFile(name: string): string | undefined {
  const stem = /^google\/protobuf\/(\w+)\.proto$/.exec(name)?.[1] ?? '';
  if (Object.hasOwn(FILES, stem)) return `syntax = "proto3"; package google.protobuf; ${FILES[stem]}`;
  if (!OF_LIBRARY.has(stem)) return undefined;
  return readFileSync(createRequire(import.meta.url).resolve(`protobufjs/${name}`), 'utf8');
}

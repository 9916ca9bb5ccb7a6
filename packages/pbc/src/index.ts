// For authors of applications.
export type { FieldDescription } from './description.ts';
export type { PbcErrorCode } from './errors.ts';
export type {
  AnyMessage,
  AnyMessages,
  FieldInput,
  MessageInput,
  MessageName,
} from './message-types.ts';
export type { ProtobufOptions, RegisterFileOptions, RegisterOptions } from './options.ts';
export type { Protobuf } from './protobuf.ts';
export { createProtobuf } from './protobuf.ts';

import { fileURLToPath } from 'node:url';
import type { Skynet } from '@skynet/core';
import { kernelOf } from '@skynet/core/kernel';
import { giveDefaults } from './codec.ts';
import { describeFields, type FieldDescription } from './description.ts';
import { decodeMessage, encodeMessage } from './encoding.ts';
import { pbcError } from './errors.ts';
import { plain } from './message.ts';
import type { AnyMessages, MessageInput, MessageName } from './message-types.ts';
import {
  type ProtobufOptions,
  type RegisterFileOptions,
  type RegisterOptions,
  readProtobufOptions,
  readRegisterOptions,
} from './options.ts';
import { descriptorSources, readSources, textSources } from './source.ts';
import { TypeTable } from './type-table.ts';

/**
 * Protocol buffers by names of message types, as the original's `protobuf` (book chapter 17).
 * @typeParam Messages - what each message type is decoded to, by full name: written by hand or by `pbc-types`.
 */
export interface Protobuf<Messages extends object = AnyMessages> {
  /**
   * Makes the types of a file usable in all threads of the node, at once (book §17.3). A name that ends in `.proto` is
   * read as such a file, with what it imports; others as a descriptor set of `protoc --descriptor_set_out`. The same
   * again changes nothing; all or nothing is added.
   * @param file - a path, from the current folder of the process, or a URL.
   * @throws ERR_PBC_FILE, ERR_PBC_SCHEMA, ERR_PBC_CONFLICT.
   */
  registerFile(file: string | URL, options?: RegisterFileOptions): void;
  /**
   * As {@link registerFile}, with the content itself: text of a .proto file, or the bytes of a descriptor set.
   * @throws ERR_PBC_FILE, ERR_PBC_SCHEMA, ERR_PBC_CONFLICT.
   */
  register(content: string | Uint8Array, options?: RegisterOptions): void;
  /**
   * A message as bytes (book §17.3), fields ascending. Only fields that are given are written. null and undefined count
   * as not given.
   * @throws ERR_PBC_TYPE, ERR_PBC_FIELD, ERR_PBC_ENUM, ERR_PBC_VALUE, ERR_PBC_ONEOF, ERR_PBC_DEPTH, ERR_PBC_SIZE.
   */
  encode<Name extends MessageName<Messages>>(type: Name, message: MessageInput<Messages[Name]>): Buffer;
  /**
   * A message from bytes (book §17.3). Enums are names, 64-bit integers bigint. Absent fields read as their defaults
   * (messages as empty ones) but are no keys: `Object.hasOwn(message, 'field')` tells.
   * @throws ERR_PBC_TYPE, ERR_PBC_DECODE, ERR_PBC_DEPTH, ERR_PBC_SIZE.
   */
  decode<Name extends MessageName<Messages>>(type: Name, bytes: Uint8Array): Messages[Name];
  /** Number of an enum's value by its name; undefined if there is no such enum or name (`enum_id`). */
  enumId(type: string, name: string): number | undefined;
  /**
   * Makes absent fields of an object read as their defaults, as if it had been decoded. Returns the object.
   * @throws ERR_PBC_TYPE, ERR_PBC_VALUE, ERR_PBC_DEPTH.
   */
  default<Name extends MessageName<Messages>>(
    type: Name,
    message: MessageInput<Messages[Name]>,
  ): Messages[Name];
  /**
   * A decoded message as a plain object, which can be sent to other services: what was there, at any depth, and no
   * defaults.
   * @throws ERR_PBC_DEPTH.
   */
  extract<Message>(message: Message): Message;
  /** Whether there is such a message type, or such a field in it. */
  check(type: string, field?: string): boolean;
  /**
   * Encodes some fields of a message: `pack('package.Message field field', value, value)`. Messages are bytes, as `pack`
   * and `encode` give them.
   * @throws as {@link encode}, and ERR_PBC_PATTERN.
   */
  pack(pattern: string, ...values: unknown[]): Buffer;
  /**
   * The fields that a pattern names, from the bytes of a message. Messages come as bytes, enums as numbers, absent fields
   * as their defaults.
   * @throws as {@link decode}, and ERR_PBC_PATTERN, ERR_PBC_FIELD.
   */
  unpack(pattern: string, bytes: Uint8Array): unknown[];
  /** Full names of all message types and enums. */
  types(): { readonly messages: readonly string[]; readonly enums: readonly string[] };
  /** Fields of a message type, by number. @throws ERR_PBC_TYPE. */
  fields(type: string): readonly FieldDescription[];
  /** Names of an enum and their numbers. @throws ERR_PBC_TYPE. */
  enumValues(type: string): Readonly<Record<string, number>>;
  /** Text of the last error that this object has thrown; empty if there was none. */
  lastError(): string;
}

const KEY = Symbol('@skynet/pbc');

/**
 * Protocol buffers for a service; without one for a program outside of any node, such as a client.
 * @param skynet - the service. All services of a node, in all threads, have the same types.
 * @throws ERR_ARGUMENT for options that cannot be used.
 */
export function createProtobuf<Messages extends object = AnyMessages>(
  skynet?: Skynet,
  options: ProtobufOptions = {},
): Protobuf<Messages> {
  const { maxSize } = readProtobufOptions(options);
  const types =
    skynet === undefined
      ? new TypeTable()
      : kernelOf(skynet).thread.local(KEY, ({ registry }) => new TypeTable(registry));
  return new TypedProtobuf<Messages>(types, maxSize);
}

class TypedProtobuf<Messages extends object> implements Protobuf<Messages> {
  readonly #types: TypeTable;
  readonly #maxSize: number;
  #lastError = '';

  constructor(types: TypeTable, maxSize: number) {
    this.#types = types;
    this.#maxSize = maxSize;
  }

  registerFile(file: string | URL, options: RegisterFileOptions = {}): void {
    this.#try(() => {
      const { folders } = readRegisterOptions(options);
      if (typeof file !== 'string' && !(file instanceof URL && file.protocol === 'file:'))
        throw pbcError('ERR_ARGUMENT', 'file must be a path or a file: URL');
      const place = typeof file === 'string' ? file : fileURLToPath(file);
      this.#types.register((isRegistered) => readSources(place, { folders, isRegistered }));
    });
  }

  register(content: string | Uint8Array, options: RegisterOptions = {}): void {
    this.#try(() => {
      const { folders, name } = readRegisterOptions(options);
      if (typeof content !== 'string' && !(content instanceof Uint8Array))
        throw pbcError('ERR_ARGUMENT', 'content must be text of a .proto file or bytes of a descriptor set');
      this.#types.register((isRegistered) =>
        typeof content === 'string'
          ? textSources(name, content, undefined, { folders, isRegistered })
          : descriptorSources(content, name, { folders, isRegistered }),
      );
    });
  }

  encode<Name extends MessageName<Messages>>(type: Name, message: MessageInput<Messages[Name]>): Buffer {
    try {
      return encodeMessage(this.#types.message(type), message, this.#maxSize);
    } catch (error) {
      throw this.#failed(error);
    }
  }

  decode<Name extends MessageName<Messages>>(type: Name, bytes: Uint8Array): Messages[Name] {
    try {
      return decodeMessage(this.#types.message(type), bytes, this.#maxSize) as Messages[Name];
    } catch (error) {
      throw this.#failed(error);
    }
  }

  enumId(type: string, name: string): number | undefined {
    const values = this.#types.findEnum(type)?.values;
    return values !== undefined && typeof name === 'string' && Object.hasOwn(values, name)
      ? values[name]
      : undefined;
  }

  default<Name extends MessageName<Messages>>(
    type: Name,
    message: MessageInput<Messages[Name]>,
  ): Messages[Name] {
    return this.#try(() => {
      giveDefaults(message, this.#types.message(type));
      return message as Messages[Name];
    });
  }

  extract<Message>(message: Message): Message {
    return this.#try(() => plain(message) as Message);
  }

  check(type: string, field?: string): boolean {
    const fields = this.#types.findMessage(type)?.fields;
    if (fields === undefined || field === undefined) return fields !== undefined;
    return typeof field === 'string' && Object.hasOwn(fields, field);
  }

  pack(pattern: string, ...values: unknown[]): Buffer {
    return this.#try(() => {
      const fields = this.#types.pattern(pattern);
      return encodeMessage(fields.type, fields.toMessage(values), this.#maxSize);
    });
  }

  unpack(pattern: string, bytes: Uint8Array): unknown[] {
    return this.#try(() => {
      const fields = this.#types.pattern(pattern);
      return fields.toValues(decodeMessage(fields.type, bytes, this.#maxSize));
    });
  }

  types(): { readonly messages: readonly string[]; readonly enums: readonly string[] } {
    return this.#types.names;
  }

  fields(type: string): readonly FieldDescription[] {
    return this.#try(() => describeFields(this.#types.message(type)));
  }

  enumValues(type: string): Readonly<Record<string, number>> {
    return this.#try(() => ({ ...this.#types.enumeration(type).values }));
  }

  lastError(): string {
    return this.#lastError;
  }

  #try<Result>(work: () => Result): Result {
    try {
      return work();
    } catch (error) {
      throw this.#failed(error);
    }
  }

  #failed(error: unknown): unknown {
    this.#lastError = error instanceof Error ? error.message : String(error);
    return error;
  }
}

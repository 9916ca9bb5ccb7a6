/** A message whose type the compiler does not know. */
export interface AnyMessage {
  readonly [field: string]: unknown;
}

/** What `createProtobuf` works with when it is not told the types of messages. */
export interface AnyMessages {
  readonly [name: string]: AnyMessage;
}

/**
 * What `encode` takes for a message type: any of its fields, and in the place of a value also what is converted without
 * loss. Names of enums can be numbers, 64-bit integers numbers or text, bytes text.
 */
export type MessageInput<Message> = {
  readonly [Field in keyof Message]?: FieldInput<Message[Field]> | null | undefined;
};

/** What `encode` takes for a field that reads as `Value`. */
export type FieldInput<Value> = unknown extends Value
  ? unknown
  : Value extends bigint
    ? bigint | number | string
    : Value extends number
      ? number | bigint
      : Value extends boolean
        ? boolean
        : Value extends string
          ? Value | number
          : Value extends Uint8Array
            ? Uint8Array | string
            : Value extends readonly (infer Item)[]
              ? readonly FieldInput<Item>[]
              : Value extends object
                ? MessageInput<Value>
                : never;

/** Names of the message types of a table of types. */
export type MessageName<Messages> = keyof Messages & string;

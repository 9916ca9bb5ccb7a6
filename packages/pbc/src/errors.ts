import { type KernelErrorCode, SkynetError, type SkynetErrorOptions } from '@skynet/core';

/** Codes this package adds to those of `@skynet/core`. */
export type PbcErrorCode =
  /** A file that cannot be read, or an import that was not found. */
  | 'ERR_PBC_FILE'
  /** Neither a descriptor set nor the text of a .proto file, or one that names types nobody has registered. */
  | 'ERR_PBC_SCHEMA'
  /** A name that is registered already, with another definition. */
  | 'ERR_PBC_CONFLICT'
  /** No message type, or enum, of this name is registered. */
  | 'ERR_PBC_TYPE'
  /** The message type has no such field. */
  | 'ERR_PBC_FIELD'
  /** The enum has no such name or number. */
  | 'ERR_PBC_ENUM'
  /** A value that the field cannot hold. */
  | 'ERR_PBC_VALUE'
  /** Several fields of one oneof. */
  | 'ERR_PBC_ONEOF'
  /** Bytes that are no message of that type: cut off, a wrong length, text that is no UTF-8. */
  | 'ERR_PBC_DECODE'
  /** Messages nested deeper than 100, also a value that contains itself. */
  | 'ERR_PBC_DEPTH'
  /** More bytes than `maxSize`. */
  | 'ERR_PBC_SIZE'
  /** A pattern that names no type or no fields. */
  | 'ERR_PBC_PATTERN';

/** An error of this package, or one of the kernel's codes. */
export function pbcError(
  code: PbcErrorCode | KernelErrorCode,
  message: string,
  options?: SkynetErrorOptions,
): SkynetError {
  return new SkynetError<typeof code>(code, message, options);
}

import { type KernelErrorCode, SkynetError, type SkynetErrorOptions } from '@skynet/core';

/** Codes this package adds to those of `@skynet/core`. */
export type SnaxErrorCode =
  /** The module is no snax service, or what it defines cannot be one. */
  | 'ERR_SNAX_DEFINITION'
  /** The service has no such method. */
  | 'ERR_SNAX_METHOD'
  /** A request before `init` has ended. */
  | 'ERR_SNAX_INIT'
  /** The object is of a service that has another type. */
  | 'ERR_SNAX_TYPE'
  /** The patch is no program, or its module cannot be loaded. */
  | 'ERR_PATCH_SYNTAX'
  /** The patch has a function that the service lacks, or something else in a function's place. */
  | 'ERR_PATCH_MISMATCH'
  /** The patch declares a local that the service has not registered. */
  | 'ERR_PATCH_LOCAL'
  /** The patch threw while it was loaded, or took too long. */
  | 'ERR_PATCH_LOAD'
  /** The patch's `hotfix` function threw; the functions are as they were before. */
  | 'ERR_PATCH_HOTFIX'
  /** There is no version of this number. */
  | 'ERR_PATCH_VERSION'
  /** Another node takes no patches, or not this one. */
  | 'ERR_PATCH_NODE'
  /** Some instance refused the patch, or the canary failed more often than before; all have been put back. */
  | 'ERR_PATCH_ROLLOUT';

/** An error of this package, or one of the kernel's codes. */
export function snaxError(
  code: SnaxErrorCode | KernelErrorCode,
  message: string,
  options?: SkynetErrorOptions,
): SkynetError {
  return new SkynetError<typeof code>(code, message, options);
}

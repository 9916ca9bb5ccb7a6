import { type KernelErrorCode, SkynetError, type SkynetErrorOptions } from '@skynet/core';

/** Codes of the datacenter, added to those of `@skynet/core`. */
export type DatacenterErrorCode =
  /** A path that cannot be: through a value that is no branch, below or above one that is waited for, without a key. */
  'ERR_DATACENTER_PATH';

/** An error of the datacenter, or one of the kernel's codes. */
export function datacenterError(
  code: DatacenterErrorCode | KernelErrorCode,
  message: string,
  options?: SkynetErrorOptions,
): SkynetError {
  return new SkynetError<typeof code>(code, message, options);
}

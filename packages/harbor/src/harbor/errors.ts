import { type KernelErrorCode, SkynetError, type SkynetErrorOptions } from '@skynet/core';

/** Codes of the original's network, added to those of `@skynet/core`. */
export type HarborErrorCode =
  /** Bytes that are no message of the original's network, or one that nobody may send at that moment. */
  | 'ERR_HARBOR_PROTOCOL'
  /** The master does not let this node in: its id is in use, or another program listens there. */
  | 'ERR_HARBOR_REFUSED'
  /** The master, or a node that should have connected, did not answer in time. */
  | 'ERR_HARBOR_SILENT'
  /** The node is part of no network. */
  | 'ERR_HARBOR_ALONE';

/** An error of the network, or one of the kernel's codes. */
export function harborError(
  code: HarborErrorCode | KernelErrorCode,
  message: string,
  options?: SkynetErrorOptions,
): SkynetError {
  return new SkynetError<typeof code>(code, message, options);
}

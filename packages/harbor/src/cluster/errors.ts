import { type KernelErrorCode, SkynetError, type SkynetErrorOptions } from '@skynet/core';

/** Codes of the cluster, added to those of `@skynet/core`. */
export type ClusterErrorCode =
  /** The node stands in no table, and `__nowaiting` says that nobody waits for it. */
  | 'ERR_CLUSTER_NODE_UNKNOWN'
  /** The node is `false` in the table. */
  | 'ERR_CLUSTER_NODE_DOWN'
  /** The node cannot be connected to; `cause` says why. */
  | 'ERR_CLUSTER_CONNECT'
  /** A name that the other node has not given, that is taken here, or that is none. */
  | 'ERR_CLUSTER_NAME'
  /** A table of nodes that cannot be used. */
  | 'ERR_CLUSTER_TABLE'
  /** Bytes that are no message of a cluster. */
  | 'ERR_CLUSTER_PROTOCOL';

/** An error of the cluster, or one of the kernel's codes. */
export function clusterError(
  code: ClusterErrorCode | KernelErrorCode,
  message: string,
  options?: SkynetErrorOptions,
): SkynetError {
  return new SkynetError<typeof code>(code, message, options);
}

import type { Handle } from '@skynet/core';

/** What patches for other nodes need of a cluster: `createCluster(skynet)` of `@skynet/harbor` is one. */
export interface ClusterPort {
  /** Calls a service of another node; `address` is its name there, or its handle. */
  call(node: string, address: string | Handle, ...values: unknown[]): Promise<unknown>;
}

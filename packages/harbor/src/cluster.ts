export { type Cluster, createCluster, type NodeTarget, type OpenOptions } from './cluster/cluster.ts';
export type { ClusterErrorCode } from './cluster/errors.ts';
export type { NodeTable } from './cluster/node-table.ts';
export type { RemoteSnax, SnaxDescription } from './cluster/remote-snax.ts';
export type { Target } from './cluster/request-frame.ts';
export type { SnaxNumbers, SnaxScripts } from './ports.ts';

// A network of our own nodes: no master, our own values, one link between two nodes.
export type { ChannelLimits } from './mesh/channel.ts';
export type { Directory, DirectoryPlace, DirectoryWatcher } from './mesh/directory.ts';
export type { MeshErrorCode } from './mesh/errors.ts';
export type { Link, LinkPlace, LinkPurpose, LinkReceiver, LinkTransport } from './mesh/link.ts';
export { createMesh, link, type Mesh, type MeshLinkOptions } from './mesh/mesh.ts';
export type { MeshNodeInfo, OnIsolated } from './mesh/mesh-service.ts';
export { type MeshOptions, meshNetwork } from './mesh/network.ts';
export type { MeshNode } from './mesh/node.ts';

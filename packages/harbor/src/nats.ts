// A network of our own nodes that NATS keeps: membership, names and unique services there, links between nodes or over subjects.
export type { MeshErrorCode } from './mesh/errors.ts';
export { createMesh, type Mesh } from './mesh/mesh.ts';
export type { MeshNodeInfo, OnIsolated } from './mesh/mesh-service.ts';
export type { MeshNode } from './mesh/node.ts';
export { type NatsOptions, nats } from './nats/nats.ts';

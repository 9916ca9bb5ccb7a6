import { type KernelErrorCode, SkynetError, type SkynetErrorOptions } from '@skynet/core';

/** Codes of the mesh, added to those of `@skynet/core`. */
export type MeshErrorCode =
  /** The other side of a link is gone, or has closed it. */
  | 'ERR_LINK_CLOSED'
  /** Nothing was heard of the other side for too long. */
  | 'ERR_LINK_SILENT'
  /** Bytes that are none of a link, or that nobody may send at that moment. */
  | 'ERR_LINK_PROTOCOL'
  /** Frames of a link are missing. */
  | 'ERR_LINK_GAP'
  /** The other side does not let this node in: another key, another mesh, another version. */
  | 'ERR_LINK_REFUSED'
  /** A node of this id is in the mesh already. */
  | 'ERR_MESH_ID_TAKEN'
  /** The mesh does not let this node in. */
  | 'ERR_MESH_REFUSED'
  /** What the mesh is found by cannot be reached. */
  | 'ERR_MESH_UNREACHABLE'
  /** This node is cut off from the greater part of the mesh. */
  | 'ERR_MESH_ISOLATED'
  /** The client library of NATS is not installed. */
  | 'ERR_NATS_MISSING'
  /** The node is part of no mesh. */
  | 'ERR_MESH_ALONE';

/** An error of the mesh, or one of the kernel's codes. */
export function meshError(
  code: MeshErrorCode | KernelErrorCode,
  message: string,
  options?: SkynetErrorOptions,
): SkynetError {
  return new SkynetError<typeof code>(code, message, options);
}

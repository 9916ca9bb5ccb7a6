import type { Handle, SkynetError } from '@skynet/core';
import type { ServiceKernel } from '@skynet/core/kernel';
import type { Link, LinkTransport } from './link.ts';
import type { MeshNode } from './node.ts';

/** What a directory has of its node. */
export interface DirectoryPlace {
  /** The service that stands for the mesh. */
  readonly kernel: ServiceKernel;
  /** Name of the mesh. */
  readonly mesh: string;
  /** This node. */
  readonly self: MeshNode;
  /** For directories that tell each other through links (purpose `directory`); those that others open come by {@link Directory.accept}. */
  readonly transport: LinkTransport;
  /** A line of the service that stands for the mesh. */
  log(text: string): void;
}

/** Who hears of what a directory learns. Calls come in no turn of a service. */
export interface DirectoryWatcher {
  /** A node is there. Told of all that were there before {@link Directory.join} resolves. */
  joined(node: MeshNode): void;
  /** A node is gone for good in this life: `left` by itself, or `lost`. */
  left(node: MeshNode, how: 'left' | 'lost'): void;
  /** A name belongs to a service from now on, whoever had it. Told of all names that were given before. */
  named(name: string, handle: Handle): void;
  /** Nobody has the name any more. */
  freed(name: string): void;
  /** This node cannot reach the greater part of the mesh: names cannot be given until {@link rejoined}. */
  isolated(why: string): void;
  /** It can again. */
  rejoined(): void;
  /** The mesh does not have this node any more, and why: another has its id. The node has to stop. */
  refused(reason: SkynetError): void;
}

/**
 * Who is in a mesh, and who has which name in it. All nodes see the same, after a while; who gets an id or a name is decided
 * once for all.
 */
export interface Directory {
  /**
   * Makes this node known.
   * @throws why it cannot be part of the mesh: ERR_MESH_ID_TAKEN, ERR_MESH_REFUSED, ERR_MESH_UNREACHABLE.
   */
  join(place: DirectoryPlace, watcher: DirectoryWatcher): Promise<void>;
  /** Takes a link of another node's directory. */
  accept(link: Link): void;
  /**
   * Gives a name to a service of this node if `expected` has it (undefined: nobody, or a service of a node that is gone), by
   * one decision for the whole mesh.
   * @returns who has it then: `handle`, or whoever kept it.
   * @throws ERR_MESH_ISOLATED while nothing can be decided.
   */
  claim(name: string, handle: Handle, expected?: Handle): Promise<Handle>;
  /** Frees a name, if this service has it. @throws ERR_MESH_ISOLATED. */
  release(name: string, handle: Handle): Promise<void>;
  /** The link to a node was lost, or cannot be made: the directory finds out whether the node is gone. */
  suspect(node: MeshNode, reason: SkynetError): void;
  /** What consoles show of it. */
  info(): Record<string, unknown>;
  /** Makes it known that this node goes. Never rejects. */
  leave(): Promise<void>;
}

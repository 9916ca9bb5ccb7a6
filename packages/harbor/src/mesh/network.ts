import { randomBytes } from 'node:crypto';
import { isSkynetError } from '@skynet/core';
import type { Network, NetworkPlace } from '@skynet/core/kernel';
import type { ChannelLimits } from './channel.ts';
import type { Directory } from './directory.ts';
import type { LinkTransport } from './link.ts';
import { createMeshService, MeshNames, type OnIsolated } from './mesh-service.ts';

/** What any mesh is made of. */
export interface MeshOptions {
  /** Id of the node, 1 to 255. */
  readonly id: number;
  /** Name of the mesh: nodes of another do not come in. */
  readonly mesh: string;
  /** How links are made. */
  readonly transport: LinkTransport;
  /** Who says which nodes there are, and who has which name. */
  readonly directory: Directory;
  /** What the node does when it is cut off from the greater part of the mesh. */
  readonly onIsolated: OnIsolated;
  /** Default: 4 MiB of small messages and 1 MiB of parts under way to a node, bodies of 256 MiB, 512 MiB that wait. */
  readonly limits?: Partial<ChannelLimits>;
}

/** Limits unless others are given. */
export const LIMITS: ChannelLimits = {
  credit: 4 << 20,
  partCredit: 1 << 20,
  maxBody: 256 << 20,
  maxWaiting: 512 << 20,
};

/** A network of our own nodes: whatever the links are, and whoever knows who is there. */
export function meshNetwork(options: MeshOptions): Network {
  const { id, mesh, transport, directory, onIsolated } = options;
  const limits = { ...LIMITS, ...options.limits };
  const names = new MeshNames(directory);
  return {
    harbor: id,
    isMaster: false,
    maxBody: limits.maxBody,
    hasValues: true,
    names,
    async join(place: NetworkPlace): Promise<void> {
      const incarnation = randomBytes(8).toString('hex');
      const setup = { id, mesh, incarnation, transport, directory, limits, onIsolated };
      try {
        await place.start(createMeshService(setup, place, names), 'meshd', []);
      } catch (error) {
        // What has failed says why in fewer words than the start of the service does.
        throw isSkynetError(error, 'ERR_SERVICE_INIT') && isSkynetError(error.cause) ? error.cause : error;
      }
    },
  };
}

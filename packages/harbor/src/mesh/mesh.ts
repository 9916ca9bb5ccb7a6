import type { Duration, Handle, Skynet } from '@skynet/core';
import { formatHandle, SkynetError } from '@skynet/core';
import type { Network } from '@skynet/core/kernel';
import { kernelOf } from '@skynet/core/kernel';
import { readOptions } from '@skynet/core/options';
import { meshError } from './errors.ts';
import { MESH, type MeshNodeInfo, noMesh, type OnIsolated } from './mesh-service.ts';
import { meshNetwork } from './network.ts';
import { SeedDirectory } from './seed-directory.ts';
import { tcpLinks } from './tcp-link.ts';

/** A node's part in a mesh of our own nodes. */
export interface MeshLinkOptions {
  /** Id of the node, 1 to 255: no two have the same. */
  id: number;
  /** Where it listens for other nodes, `"ip:port"` or with a scheme, `"tls://ip:port"`. Default `"127.0.0.1:0"`: this machine, a free port. */
  address?: string;
  /** Where others reach it, if not at `address`: behind NAT, in a container. Default: where it listens. */
  advertise?: string;
  /** Where nodes of the mesh listen, this one among them if it may be the first. Default: none, the node is the first. */
  seeds?: readonly string[];
  /** What all nodes of the mesh know and nobody else. Default: whoever reaches the port may come in. */
  key?: string;
  /** Name of the mesh; nodes of another do not come in. Default `"skynet"`. */
  mesh?: string;
  /** What becomes of a node that is cut off from the greater part of the mesh. Default `"keep"`. */
  onIsolated?: OnIsolated;
  /** How long a node looks for the mesh when it starts. Default 30 s. */
  joinTimeout?: Duration;
  /** After how long a node that is not heard of counts as lost. Default 3.5 s. */
  silence?: Duration;
  /** Bytes that may be under way to this node from each other one. Default 4 MiB. */
  credit?: number;
  /** Bytes that may wait in this node for each other one; calls beyond fail with ERR_OVERLOADED. Default 512 MiB. */
  maxWaiting?: number;
}

/**
 * A network of our own nodes over our own links: `network: link({ id: 2, address, seeds })` in the configuration. No master,
 * any node may start first.
 * @throws ERR_ARGUMENT for options that cannot be used.
 */
export function link(options: MeshLinkOptions): Network {
  const { id, mesh, onIsolated, credit, maxWaiting, seeds, joinTimeout, silence, ...tcp } = readOptions(
    'link option',
    options,
    (read) => {
      const advertise = read.text('advertise', undefined);
      const key = read.text('key', undefined);
      return {
        id: read.whole('id', 1, 255, undefined) ?? read.wrong('id', 'a whole number from 1 to 255'),
        address: read.text('address', '127.0.0.1:0'),
        ...(advertise === undefined ? {} : { advertise }),
        ...(key === undefined ? {} : { key }),
        seeds: read.texts('seeds', 'a list of addresses such as "127.0.0.1:2600"', 0) ?? [],
        mesh: read.text('mesh', 'skynet'),
        onIsolated: read.oneOf('onIsolated', ['keep', 'stop'], 'keep'),
        joinTimeout: read.duration('joinTimeout', 30_000),
        silence: read.duration('silence', 3500),
        credit: read.whole('credit', 1 << 16, 1 << 30, 4 << 20),
        maxWaiting: read.whole('maxWaiting', 1 << 20, 0x7fff_ffff, 512 << 20),
      };
    },
  );
  const every = Math.max(50, Math.min(500, Math.floor(silence / 5)));
  return meshNetwork({
    id,
    mesh,
    onIsolated,
    limits: { credit, maxWaiting },
    transport: tcpLinks({ ...tcp, heartbeat: { every, silence } }),
    directory: new SeedDirectory({ seeds, joinTimeout, patience: silence }),
  });
}

/** What services ask of a mesh. */
export interface Mesh {
  /** The nodes that are in the mesh, this one too, by id. */
  nodes(): Promise<MeshNodeInfo[]>;
  /** Waits until a node is connected. */
  connect(id: number): Promise<void>;
  /** Waits until the link to a node is lost; returns at once if there is none. */
  link(id: number): Promise<void>;
  /**
   * Gives a service a global name, by default this one, by one decision of the mesh: of two that ask at the same moment one
   * gets it. @throws ERR_NAME_TAKEN (`details.owner`), ERR_MESH_ISOLATED, ERR_NAME_INVALID.
   */
  claimName(name: string, handle?: Handle): Promise<void>;
}

/** The mesh that this node is part of, for one service. Each of its functions throws ERR_MESH_ALONE where there is none. */
export function createMesh(skynet: Skynet): Mesh {
  const ask = async <Result>(what: string, ...args: unknown[]): Promise<Result> => {
    if (!kernelOf(skynet).thread.hasNetwork || skynet.localName(MESH) === undefined) throw noMesh();
    return (await skynet.call({ to: MESH, timeout: 0 }, 'lua', what, ...args)) as Result;
  };
  const mustBeId = (id: unknown): void => {
    if (!Number.isInteger(id) || (id as number) < 1 || (id as number) > 255)
      throw meshError('ERR_ARGUMENT', `not the id of a node: ${String(id)}`);
  };
  return {
    nodes: () => ask('NODES'),
    async connect(id) {
      mustBeId(id);
      await ask('CONNECT', id);
    },
    async link(id) {
      mustBeId(id);
      await ask('LINK', id);
    },
    async claimName(name, handle = skynet.self()) {
      if (
        typeof name !== 'string' ||
        name === '' ||
        /^[.:@]/.test(name) ||
        !Number.isNaN(Number(name)) ||
        Buffer.byteLength(name) > 15
      )
        throw meshError('ERR_NAME_INVALID', `not a global name: ${String(name)}`);
      const owner = await ask<Handle>('CLAIM', name, handle);
      if (owner !== handle)
        throw new SkynetError('ERR_NAME_TAKEN', `global name ${name} belongs to ${formatHandle(owner)}`, {
          details: { name, owner: formatHandle(owner) },
        });
    },
  };
}

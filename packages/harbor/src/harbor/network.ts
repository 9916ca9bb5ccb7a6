import { type Handle, isSkynetError, type Skynet } from '@skynet/core';
import type { Network, NetworkPlace } from '@skynet/core/kernel';
import { readOptions } from '@skynet/core/options';
import { createDatacenterService, DATACENTER } from '../datacenter/service.ts';
import { MAX_CONTENT } from './frame.ts';
import { BACKLOG } from './links.ts';
import { createMaster } from './master.ts';
import { createSlave } from './slave.ts';

/** Above it a peer counts as lost whatever waits. */
const MAX_BACKLOG = 1 << 30;

/** A node's part in a network of the original's kind. */
export interface HarborOptions {
  /** Id of the node, 1 to 255: no two have the same. */
  id: number;
  /** Where it listens for other nodes, `"ip:port"`, as they reach it. */
  address: string;
  /** Where the master of the network listens, `"ip:port"`. Default: `standalone`. */
  master?: string;
  /** Makes this node the master: where it listens, `"ip:port"`. It keeps the datacenter and the unique services, too. */
  standalone?: string;
  /**
   * Bytes that may wait for a node that reads too little: above it calls fail with ERR_OVERLOADED and sends are dropped.
   * Default 256 MiB.
   */
  backlog?: number;
}

/**
 * The place where the channels of a node are found goes with the node: one of the original's would not start its own again
 * under that id otherwise.
 */
function forgetChannels(skynet: Skynet, id: number): void {
  skynet.send(DATACENTER, 'lua', 'UPDATE', 'multicast', id, undefined);
}

/** A master that comes back knows nothing of what nodes had told the services of the one before. */
function tellAgain(skynet: Skynet, id: number, name: string, handle: Handle): void {
  const [manager, channels] = [skynet.localName('.service'), skynet.localName('.multicastd')];
  if (name === 'SERVICE' && manager !== undefined && manager !== handle)
    skynet.send(handle, 'lua', 'REPORT', manager);
  if (name === DATACENTER && channels !== undefined)
    skynet.send(handle, 'lua', 'UPDATE', 'multicast', id, channels);
}

/**
 * The original's network of nodes, byte for byte: `network: harbor({ id: 2, address, master })` in the configuration. The
 * keys `harbor`, `address`, `master` and `standalone` of the original do the same without it.
 * @throws ERR_ARGUMENT for options that cannot be used.
 */
export function harbor(options: HarborOptions): Network {
  const { id, address, master, standalone, backlog } = readOptions('harbor option', options, (read) => {
    const own = read.text('standalone', undefined);
    return {
      id: read.whole('id', 1, 255, undefined) ?? read.wrong('id', 'a whole number from 1 to 255'),
      address:
        read.text('address', undefined) ?? read.wrong('address', 'an address such as "127.0.0.1:2526"'),
      master: read.text('master', own) ?? read.wrong('master', 'an address such as "127.0.0.1:2013"'),
      standalone: own,
      backlog: read.whole('backlog', 1, MAX_BACKLOG, BACKLOG),
    };
  });
  return {
    harbor: id,
    isMaster: standalone !== undefined,
    maxBody: MAX_CONTENT,
    async join(place: NetworkPlace): Promise<void> {
      try {
        if (standalone !== undefined) await place.start(createMaster(standalone), 'cmaster', []);
        const slave = {
          id,
          address,
          master,
          backlog,
          renamed: tellAgain,
          ...(standalone === undefined ? {} : { lost: forgetChannels }),
        };
        await place.start(createSlave(slave, place), 'cslave', []);
        if (standalone !== undefined) await place.start(createDatacenterService(), 'datacenterd', []);
      } catch (error) {
        // What has failed says why in fewer words than the start of the service does.
        throw isSkynetError(error, 'ERR_SERVICE_INIT') && isSkynetError(error.cause) ? error.cause : error;
      }
    },
  };
}

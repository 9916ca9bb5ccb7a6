import type { Handle, Skynet } from '@skynet/core';
import { kernelOf } from '@skynet/core/kernel';
import { harborError } from './errors.ts';

/** What services ask of the network (the original's `skynet.harbor`). */
export interface Harbor {
  /** Handle of a global name, which is waited for; of a `.local` one, or undefined, at once (book §5.3). */
  queryName(name: string): Promise<Handle | undefined>;
  /** Gives a service a global name, by default this one. @throws ERR_NAME_INVALID, ERR_NAME_TAKEN. */
  globalName(name: string, handle?: Handle): void;
  /** Waits until a node is lost; returns at once if it is not connected. */
  link(harbor: number): Promise<void>;
  /** Waits until a node is connected. @throws ERR_HARBOR_ALONE in a node without a network. */
  connect(harbor: number): Promise<void>;
  /** Waits until the master is lost. @throws ERR_HARBOR_ALONE in a node without a network. */
  linkMaster(): Promise<void>;
}

/** The network, for one service. */
export function createHarbor(skynet: Skynet): Harbor {
  const { thread } = kernelOf(skynet);
  const ask = async (what: string, id?: number): Promise<void> => {
    if (!thread.hasNetwork)
      throw harborError(
        'ERR_HARBOR_ALONE',
        'this node is part of no network: it has no master and no other nodes',
      );
    await skynet.call({ to: '.cslave', timeout: 0 }, 'lua', what, ...(id === undefined ? [] : [id]));
  };
  const isId = (id: unknown): boolean => Number.isInteger(id) && (id as number) >= 1 && (id as number) <= 255;
  const mustBeId = (id: unknown): void => {
    if (!isId(id)) throw harborError('ERR_ARGUMENT', `not the id of a node: ${String(id)}`);
  };
  return {
    queryName: (name) => skynet.queryName(name),
    globalName: (name, handle = skynet.self()) => skynet.nameService(name, handle),
    async link(id) {
      mustBeId(id);
      if (thread.hasNetwork) await ask('LINK', id);
    },
    async connect(id) {
      mustBeId(id);
      await ask('CONNECT', id);
    },
    linkMaster: () => ask('LINKMASTER'),
  };
}

import { type CallTarget, type Handle, isSkynetError, type Skynet } from '@skynet/core';
import type { Target } from './request-frame.ts';

/** Number of the last request of this thread: with the service that asks it is unique in the node. */
let last = 0;

/**
 * Asks another node through the service with the connections: the packed answer. A request that is given up, by its time or
 * by a signal, does not wait there either.
 */
export async function askNode(
  skynet: Skynet,
  clusterd: Handle,
  node: string,
  to: Target,
  body: Uint8Array,
  limits?: Omit<CallTarget, 'to'>,
): Promise<Uint8Array> {
  const ticket = ++last;
  const target = limits === undefined ? clusterd : { ...limits, to: clusterd };
  try {
    const answer = await skynet.rawCall(target, 'lua', ['req', node, to, body, ticket]);
    return answer[0] as Uint8Array;
  } catch (error) {
    if (isSkynetError(error, 'ERR_TIMEOUT') || isSkynetError(error, 'ERR_ABORTED'))
      skynet.rawSend(clusterd, 'lua', ['drop', node, ticket]);
    throw error;
  }
}

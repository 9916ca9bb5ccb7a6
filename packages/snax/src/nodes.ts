import type { Handle, Skynet } from '@skynet/core';
import type { NodeName, Rollout } from './contract.ts';
import { snaxError } from './errors.ts';
import type { ClusterPort } from './ports.ts';
import { globalName, type PatchOrder } from './snaxpatch.ts';

/** Hundredths of a second that another node may take to say that it is there. */
const NODE_LIMIT = 300;
/** The same until it has done its part. */
const ROLLOUT_LIMIT = 6000;

type Ask = (command: string, ...values: unknown[]) => Promise<unknown>;

function refused(node: NodeName, reason: string, cause?: unknown): Error {
  return snaxError('ERR_PATCH_NODE', `node ${String(node)}: ${reason}`, {
    details: { node },
    ...(cause === undefined ? {} : { cause }),
  });
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** The service of another node that patches. @throws ERR_PATCH_NODE, ERR_ARGUMENT. */
async function patcherOf(skynet: Skynet, node: NodeName, cluster: ClusterPort | undefined): Promise<Ask> {
  if (typeof node === 'string') {
    if (cluster === undefined)
      throw snaxError(
        'ERR_ARGUMENT',
        `node ${JSON.stringify(node)} is reached by a cluster: give \`cluster\``,
      );
    try {
      const handle = (await cluster.call(node, '.service', 'LAUNCH', 'snaxpatch')) as Handle;
      return (command, ...values) => cluster.call(node, handle, command, ...values);
    } catch (error) {
      throw refused(node, `it takes no patches, it may be one of the original: ${textOf(error)}`, error);
    }
  }
  if (!Number.isInteger(node) || node < 1 || node > 255)
    throw snaxError('ERR_ARGUMENT', `a node is a harbor id from 1 to 255, or a name, not ${String(node)}`);
  const to = globalName(node);
  try {
    await skynet.call({ to, timeout: NODE_LIMIT }, 'lua', 'HERE');
  } catch (error) {
    const reason = 'it takes no patches: it may be one of the original, or has no snax service';
    throw refused(node, `${reason}: ${textOf(error)}`, error);
  }
  return (command, ...values) => skynet.call({ to, timeout: ROLLOUT_LIMIT }, 'lua', command, ...values);
}

/** Another node that takes patches. */
export interface PatchedNode {
  readonly node: NodeName;
  readonly ask: Ask;
}

/** Looks for all of them, before one of them changes anything. @throws ERR_PATCH_NODE, ERR_ARGUMENT. */
export async function findNodes(
  skynet: Skynet,
  nodes: readonly NodeName[],
  cluster: ClusterPort | undefined,
): Promise<PatchedNode[]> {
  const found: PatchedNode[] = [];
  for (const node of nodes) found.push({ node, ask: await patcherOf(skynet, node, cluster) });
  return found;
}

/** Has other nodes patch their instances, one node after another; where one refuses, those before it go back. @throws ERR_PATCH_NODE. */
export async function rolloutElsewhere(order: PatchOrder, nodes: readonly PatchedNode[]): Promise<Rollout[]> {
  const made: Rollout[] = [];
  for (const { node, ask } of nodes) {
    try {
      const outcome = (await ask('TRY', { ...order, canary: undefined })) as Rollout | { failure: string };
      if ('failure' in outcome) throw new Error(outcome.failure);
      made.push(outcome);
    } catch (error) {
      for (const before of nodes.slice(0, made.length).reverse())
        await before.ask('ROLLBACK', { script: order.script, by: order.by }).catch(() => {});
      throw refused(node, textOf(error), error);
    }
  }
  return made;
}

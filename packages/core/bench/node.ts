import { fileURLToPath } from 'node:url';
import { type PlacementMode, type Skynet, startNode } from '@skynet/core';

/** Runs work inside a node whose log goes nowhere, and stops the node. */
export async function inNode<Result>(
  work: (skynet: Skynet) => Promise<Result>,
  thread = 1,
  placement: PlacementMode = 'same',
): Promise<Result> {
  const node = await startNode(
    { thread, placement, services: ['./services/?'] },
    { base: fileURLToPath(new URL('.', import.meta.url)), onLog: () => {} },
  );
  try {
    return await node.run(work);
  } finally {
    await node.stop();
  }
}

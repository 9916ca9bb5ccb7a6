import { fileURLToPath } from 'node:url';
import { type Skynet, startNode } from '@skynet/core';

/** Runs something in a node that finds the scripts beside this file. */
export async function inSnaxNode<Result>(
  work: (skynet: Skynet) => Promise<Result>,
  thread = 1,
): Promise<Result> {
  const node = await startNode(
    { thread, watchdog: false, snax: ['./snax/?'] },
    { base: fileURLToPath(new URL('.', import.meta.url)), onLog: () => {} },
  );
  try {
    return await node.run(work);
  } finally {
    await node.stop();
  }
}

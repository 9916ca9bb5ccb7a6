import type { ResolvedConfig } from '../config/config.ts';
import { createNode, type StartingNode } from '../node/node.ts';
import type { Outset } from '../node/outset.ts';
import { reportUncaught } from '../node/stray-errors.ts';

/** The node of a process that is there for nothing else; the process survives what services throw besides their turns. */
export function createProcessNode(config: ResolvedConfig, outset: Outset): StartingNode {
  const node = createNode(config, {}, outset);
  // What a service starts besides the framework (a timer of the host, say) must not take the others with it.
  process.on('uncaughtException', (error) => {
    if (!reportUncaught(error)) process.stderr.write(`uncaught: ${error.stack ?? String(error)}\n`);
  });
  return node;
}

import { defineService } from '@skynet/core';
import { createCluster } from '@skynet/harbor/cluster';

/** A node that has not said for so many hundredths of a second that it is there is forgotten. */
const LEASE = 500;

/** Where all talk meets: it tells the nodes that have said that they are there. */
export default defineService((skynet) => {
  const cluster = createCluster(skynet);
  const nodes = new Map<string, number>();

  const join = (node: string): void => {
    if (!nodes.has(node)) skynet.error(`node ${node} has come`);
    nodes.set(node, skynet.now() + LEASE);
  };

  skynet.interval('1s', () => {
    for (const [node, until] of nodes) {
      if (until >= skynet.now()) continue;
      nodes.delete(node);
      skynet.error(`node ${node} is gone`);
    }
  });

  return {
    /** For whoever looks whether the node is there. */
    ping: () => true,
    join,
    /** Says something to everybody; how many nodes were told. */
    say(node: string, who: string, text: string): number {
      join(node);
      for (const name of nodes.keys()) cluster.send(name, '@players', 'heard', node, who, text);
      return nodes.size;
    },
  };
});

// The other side of the cluster's cases: `tsx cluster-peer.ts node` is a node with the service `@echo`, `tsx
// cluster-peer.ts floor` sends frames back over a plain connection. Prints its port, ends with its standard input.
import { createServer } from 'node:net';
import { packSeri, startNode, unpackSeri } from '@skynet/core';
import { createCluster } from '../src/cluster.ts';
import { echoFrames } from './echo-frames.ts';

if (process.argv[2] === 'node') {
  const node = await startNode(
    { harbor: 0, services: ['./services/?'] },
    { base: import.meta.dirname, onLog: () => {} },
  );
  const echo = await node.newService('echo');
  const { port } = await node.run(async (skynet) => {
    const cluster = createCluster(skynet);
    await cluster.register('echo', echo);
    return cluster.open(0);
  });
  console.log(port);
} else {
  const server = createServer((socket) =>
    echoFrames(socket, { pack: (values) => packSeri(values), unpack: (bytes) => unpackSeri(bytes) }),
  ).listen(0, '127.0.0.1', () => {
    console.log((server.address() as { port: number }).port);
  });
}
process.stdin.resume().once('end', () => process.exit(0));

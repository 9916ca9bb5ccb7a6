// The other side of the cluster's cases: `tsx cluster-peer.ts node` is a node with the service `@echo`, `tsx
// cluster-peer.ts floor` sends frames back over a plain connection. Prints its port, ends with its standard input.
import { createServer, type Socket } from 'node:net';
import { packSeri, startNode, unpackSeri } from '@skynet/core';
import { FrameReader } from '@skynet/core/netpack';
import { createCluster } from '../src/cluster.ts';

/** Frames of one turn leave together. */
function echoFrames(socket: Socket): void {
  const reader = new FrameReader({ header: 4 });
  let out: Buffer[] = [];
  const flush = (): void => {
    socket.write(Buffer.concat(out));
    out = [];
  };
  socket.setNoDelay(true).on('error', () => {});
  socket.on('data', (chunk) => {
    reader.pushOwned(chunk, (frame) => {
      // Values are read and packed again, as every service does.
      const body = packSeri(unpackSeri(frame, 4));
      const answer = Buffer.allocUnsafe(8 + body.length);
      answer.writeUInt32BE(4 + body.length, 0);
      answer.set(frame.subarray(0, 4), 4);
      answer.set(body, 8);
      if (out.push(answer) === 1) setImmediate(flush);
    });
  });
}

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
  const server = createServer(echoFrames).listen(0, '127.0.0.1', () => {
    console.log((server.address() as { port: number }).port);
  });
}
process.stdin.resume().once('end', () => process.exit(0));

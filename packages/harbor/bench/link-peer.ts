// The other side of the cases of our own link: `tsx link-peer.ts node <address>` is node 2 of the mesh that is found there,
// with the service `bench`, or with an id and a time of silence behind that the node of that id, with `bench<id>`; `tsx link-peer.ts floor` sends frames back over a plain connection. Prints its port when it is
// ready, ends with its standard input.
import { createServer } from 'node:net';
import { startNode } from '@skynet/core';
import { link } from '../src/link.ts';
import { cbor } from './cbor.ts';
import { echoFrames } from './echo-frames.ts';

if (process.argv[2] === 'node') {
  const [, , , address = '', id = '', silence = '3500ms'] = process.argv;
  const network = link({ id: Number(id || 2), seeds: [address], silence: silence as '1s' });
  const node = await startNode(
    { network, services: ['./services/?'] },
    { base: import.meta.dirname, onLog: () => {} },
  );
  const echo = await node.newService('echo');
  await node.run((skynet) => skynet.nameService(`bench${id}`, echo));
  console.log(0);
} else {
  const server = createServer((socket) => echoFrames(socket, cbor())).listen(0, '127.0.0.1', () => {
    console.log((server.address() as { port: number }).port);
  });
}
process.stdin.resume().once('end', () => process.exit(0));

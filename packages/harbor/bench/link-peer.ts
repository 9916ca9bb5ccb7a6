// The other side of the cases of our own link: `tsx link-peer.ts node <address>` is node 2 of the mesh that is found there,
// with the service `bench`, or with an id and a time of silence behind that the node of that id, with `bench<id>`; `tsx link-peer.ts floor` sends frames back over a plain connection. Prints its port when it is
// ready, ends with its standard input.
import { createServer, type Socket } from 'node:net';
import { startNode } from '@skynet/core';
import { FrameReader } from '@skynet/core/netpack';
import { Decoder, Encoder } from 'cbor-x';
import { link } from '../src/link.ts';

/** Frames of one turn leave together; values are read and packed again, as every service does. */
function echoFrames(socket: Socket): void {
  const reader = new FrameReader({ header: 4 });
  const encoder = new Encoder({ sequential: true, structures: [] });
  const decoder = new Decoder({ sequential: true, structures: [] });
  let out: Buffer[] = [];
  const flush = (): void => {
    socket.write(Buffer.concat(out));
    out = [];
  };
  socket.setNoDelay(true).on('error', () => {});
  socket.on('data', (chunk) => {
    reader.pushOwned(chunk, (frame) => {
      const body = encoder.encode(decoder.decode(frame.subarray(4)));
      const answer = Buffer.allocUnsafe(8 + body.length);
      answer.writeUInt32BE(4 + body.length, 0);
      answer.set(frame.subarray(0, 4), 4);
      answer.set(body, 8);
      if (out.push(answer) === 1) setImmediate(flush);
    });
  });
}

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
  const server = createServer(echoFrames).listen(0, '127.0.0.1', () => {
    console.log((server.address() as { port: number }).port);
  });
}
process.stdin.resume().once('end', () => process.exit(0));

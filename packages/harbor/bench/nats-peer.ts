// The other side of the cases of NATS: `tsx nats-peer.ts node <server> <mesh> <direct>` is node 2 of a mesh, with the service
// `bench`; `tsx nats-peer.ts floor <server>` answers requests on the subject `floor`. Says when it is ready, ends with its
// standard input.
import { connect } from '@nats-io/transport-node';
import { startNode } from '@skynet/core';
import { Decoder, Encoder } from 'cbor-x';
import { nats } from '../src/nats.ts';

const [, , what, server = '', mesh = '', direct = ''] = process.argv;

if (what === 'node') {
  const network = nats({ id: 2, servers: server, mesh, direct: direct === 'true' });
  const node = await startNode(
    { network, services: ['./services/?'] },
    { base: import.meta.dirname, onLog: () => {} },
  );
  const echo = await node.newService('echo');
  await node.run((skynet) => skynet.nameService('bench', echo));
} else {
  const nc = await connect({ servers: server });
  const encoder = new Encoder();
  const decoder = new Decoder();
  // Values are read and packed again, as every service does.
  nc.subscribe('floor', {
    callback: (_, message) => void message.respond(encoder.encode(decoder.decode(message.data))),
  });
  await nc.flush();
}
console.log('ready');
process.stdin.resume().once('end', () => process.exit(0));

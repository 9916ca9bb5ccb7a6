// The other side of a measurement, in a process of its own: `peer.ts node <master>` is node 2 of a network, with a service
// `bench` that gives back what it is sent (with an id behind the port that node, with `bench<id>`); `peer.ts tcp` does the same with frames on a plain socket. Tells its parent the
// port, or 0, when it is ready.
import { createServer } from 'node:net';
import { defineService, startNode } from '@skynet/core';
import { FrameReader, pack } from '@skynet/core/netpack';
import { harbor } from '@skynet/harbor';

const [kind, master = '', port = '', id = ''] = process.argv.slice(2);
// It goes with its parent.
process.on('disconnect', () => process.exit(0));

if (kind === 'node') {
  const network = harbor({ id: Number(id || 2), address: `127.0.0.1:${port}`, master });
  const node = await startNode({ network }, { onLog: () => {} });
  await node.newService(
    defineService((skynet) => {
      skynet.register(`bench${id}`);
      return { echo: (value: unknown) => value };
    }),
  );
  process.send?.(0);
} else {
  const server = createServer({ noDelay: true }, (socket) => {
    const reader = new FrameReader({ header: 4 });
    socket.on('data', (chunk) => {
      const answers: Uint8Array[] = [];
      reader.pushOwned(chunk, (body) => answers.push(pack(body, { header: 4 })));
      socket.write(Buffer.concat(answers));
    });
  });
  server.listen(0, '127.0.0.1', () => process.send?.((server.address() as { port: number }).port));
}

// `agent <gate> <fd>`: returns every packet of a connection, the way of the book's agent (§13.7), which does
// `socket.write(fd, netpack.pack(packet))`.
import { defineService, PTYPE } from '@skynet/core';
import { kernelOf } from '@skynet/core/kernel';
import { pack } from '@skynet/core/netpack';
import { connectionTable } from '@skynet/core/transport';

export default defineService((skynet, gate = '', number = '') => {
  const fd = Number(number);
  // What `write` of @skynet/socket does; this package does not depend on that one.
  const connections = connectionTable(kernelOf(skynet));
  skynet.registerProtocol({ name: 'client', id: PTYPE.CLIENT, unpack: (body) => body });
  skynet.dispatch('client', (_request, bytes: Uint8Array) => {
    connections.write(fd, pack(bytes));
  });
  skynet.dispatch('lua', { quit: () => skynet.exit() });
  skynet.send(gate, 'lua', 'forward', fd);
});

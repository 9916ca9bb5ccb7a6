// Book 13.7: `myagent <fd>` answers the packets of one client in capitals.
import { defineService, PTYPE } from '@skynet/core';
import * as netpack from '@skynet/core/netpack';
import { createSocket } from '@skynet/socket';

export default defineService((skynet, number = '') => {
  const socket = createSocket(skynet);
  const fd = Number(number);
  skynet.registerProtocol({
    name: 'client',
    id: PTYPE.CLIENT,
    unpack: (body) => netpack.toString(body as Uint8Array),
  });

  skynet.dispatch('client', (_request, text: string) => {
    console.log('recv from fd', fd, text);
    socket.write(fd, netpack.pack(text.toUpperCase()));
  });

  return {
    quit() {
      skynet.error(fd, 'agent quit');
      skynet.exit();
    },
  };
});

// Book 13.2.4: the gate shows what is in the packets.
import { defineService } from '@skynet/core';
import * as netpack from '@skynet/core/netpack';
import { startGateserver } from '@skynet/gateserver';

export default defineService((skynet) => {
  const gateserver = startGateserver(skynet, {
    connect(fd, address) {
      skynet.error('ipaddr:', address, 'fd:', fd, 'connect');
      gateserver.openClient(fd);
    },
    disconnect(fd) {
      skynet.error('fd:', fd, 'disconnect');
    },
    message(fd, bytes) {
      skynet.error('recv message from fd:', fd);
      skynet.error(netpack.toString(bytes));
    },
  });
});

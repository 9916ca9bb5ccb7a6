// Book 13.1: the simplest gate. It tells of clients and packets.
import { defineService } from '@skynet/core';
import { startGateserver } from '@skynet/gateserver';

export default defineService((skynet) => {
  const gateserver = startGateserver(skynet, {
    connect(fd, address) {
      skynet.error('ipaddr:', address, 'fd:', fd, 'connect');
      gateserver.openClient(fd); // nothing is read before this
    },
    disconnect(fd) {
      skynet.error('fd:', fd, 'disconnect');
    },
    message(fd) {
      skynet.error('recv message from fd:', fd);
    },
  });
});

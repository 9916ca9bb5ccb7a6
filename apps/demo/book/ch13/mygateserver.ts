// Book 13.5: all callbacks (13.4), and a command of its own: `kick`.
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
    error(fd) {
      gateserver.closeClient(fd);
    },
    warning(fd) {
      skynet.error('warning fd=', fd, 'unsent data over 1M');
    },
    open(source, config) {
      skynet.error('open by', skynet.address(source));
      skynet.error('listen on', config.port);
      skynet.error('client max', config.maxclient);
      skynet.error('nodelay', config.nodelay);
    },
    command(command, source, fd: number) {
      if (command !== 'kick') throw new Error(`unknown command ${command}`);
      skynet.error('source:', skynet.address(source), 'kick fd:', fd);
      gateserver.closeClient(fd);
    },
  });
});

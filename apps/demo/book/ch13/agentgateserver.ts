// Book 13.7: the gate starts an agent for each client and hands packets on to it.
import { defineService, type Handle, PTYPE } from '@skynet/core';
import { startGateserver } from '@skynet/gateserver';

export default defineService((skynet) => {
  const agents = new Map<number, Handle>();
  // Packets go on as they are: nothing to pack or unpack.
  skynet.registerProtocol({ name: 'client', id: PTYPE.CLIENT });

  const gateserver = startGateserver(skynet, {
    async connect(fd, address) {
      skynet.error('ipaddr:', address, 'fd:', fd, 'connect');
      agents.set(fd, await skynet.newService('myagent', fd));
      gateserver.openClient(fd);
    },
    disconnect(fd) {
      skynet.error('fd:', fd, 'disconnect');
      const agent = agents.get(fd);
      agents.delete(fd);
      if (agent !== undefined) skynet.send(agent, 'lua', 'quit'); // it ends itself, after what it has to do
    },
    message(fd, bytes) {
      skynet.redirect(agents.get(fd) ?? 0, 0, 'client', 0, bytes);
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

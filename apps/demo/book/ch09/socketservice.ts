// Book 9.2: an echo server, one task a connection. The book starts it as `socketserver`.
import { defineService } from '@skynet/core';
import { createSocket } from '@skynet/socket';
import { hostOf, portOf } from '../address.ts';

export default defineService(async (skynet) => {
  const socket = createSocket(skynet);

  async function echo(cID: number, addr: string): Promise<void> {
    await socket.start(cID);
    while (true) {
      const [str, endstr] = await socket.read(cID);
      if (str !== undefined) {
        skynet.error(`recv ${str}`);
        socket.write(cID, str.toUpperCase());
      } else {
        await socket.close(cID);
        skynet.error(`${addr} disconnect, endstr`, endstr);
        return;
      }
    }
  }

  function accept(cID: number, addr: string): void {
    skynet.error(`${addr} accepted`);
    // A task for each connection; without it only one client at a time would be served.
    skynet.fork(echo, cID, addr);
  }

  const addr = `${hostOf(skynet)}:${portOf(skynet, 8001)}`;
  skynet.error(`listen ${addr}`);
  const lID = await socket.listen(addr);
  // Or: const lID = await socket.listen('0.0.0.0', 8001, 128);
  await socket.start(lID, accept);
});

// Book 9.5: writes of low and of normal priority. The book gives it no name of its own.
import { defineService } from '@skynet/core';
import { createSocket } from '@skynet/socket';
import { hostOf, portOf } from '../address.ts';

export default defineService(async (skynet) => {
  const socket = createSocket(skynet);

  async function echo(cID: number, addr: string): Promise<void> {
    await socket.start(cID);
    while (true) {
      const [str] = await socket.read(cID);
      if (str !== undefined) {
        skynet.error(`recv ${str}`);
        // With so little data nothing is seen of the priorities: nothing waits when the first is written.
        socket.lwrite(cID, `l:${str.toUpperCase()}`);
        socket.write(cID, `h:${str.toUpperCase()}`);
      } else {
        await socket.close(cID);
        skynet.error(`${addr} disconnect`);
        return;
      }
    }
  }

  function accept(cID: number, addr: string): void {
    skynet.error(`${addr} accepted`);
    skynet.fork(echo, cID, addr);
  }

  const addr = `${hostOf(skynet)}:${portOf(skynet, 8001)}`;
  skynet.error(`listen ${addr}`);
  const lID = await socket.listen(addr);
  await socket.start(lID, accept);
});

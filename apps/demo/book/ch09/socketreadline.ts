// Book 9.3: reads lines. The book gives it no name of its own.
import { defineService } from '@skynet/core';
import { createSocket } from '@skynet/socket';
import { hostOf, portOf } from '../address.ts';

export default defineService(async (skynet) => {
  const socket = createSocket(skynet);

  async function echo(cID: number, addr: string): Promise<void> {
    await socket.start(cID);
    while (true) {
      const [str, endstr] = await socket.readLine(cID);
      // Or: await socket.readLine(cID, '\n');
      if (str !== undefined) {
        skynet.error(`recv ${str}`);
        socket.write(cID, str.toUpperCase());
      } else {
        await socket.close(cID);
        if (endstr !== '') skynet.error(`last recv ${endstr}`);
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

// Book 9.8: answers every line in a task of its own, after a while.
import { defineService } from '@skynet/core';
import { createSocket } from '@skynet/socket';
import { hostOf, portOf } from '../address.ts';

export default defineService(async (skynet) => {
  const socket = createSocket(skynet);

  async function echo(cID: number, addr: string): Promise<void> {
    await socket.start(cID);
    while (true) {
      const [str] = await socket.readLine(cID);
      if (str !== undefined) {
        skynet.fork(async () => {
          skynet.error(`recv ${str}`);
          await skynet.sleep((1 + Math.floor(Math.random() * 5)) * 100);
          socket.write(cID, `${str.toUpperCase()}\n`);
        });
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

// Book 9.4: reads everything until the peer has ended. The book gives it no name of its own.
import { defineService } from '@skynet/core';
import { createSocket } from '@skynet/socket';
import { hostOf, portOf } from '../address.ts';

export default defineService(async (skynet) => {
  const socket = createSocket(skynet);

  async function echo(cID: number, addr: string): Promise<void> {
    await socket.start(cID);
    const str = await socket.readAll(cID);
    if (str !== undefined) skynet.error(`recv ${str}`);
    skynet.error(`${addr} close`);
    await socket.close(cID);
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

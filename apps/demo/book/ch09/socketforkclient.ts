// Book 9.9: one task sends, another receives; the answers come in the order in which they are ready.
import { defineService } from '@skynet/core';
import { createSocket } from '@skynet/socket';
import { portOf } from '../address.ts';

export default defineService(async (skynet) => {
  const socket = createSocket(skynet);

  async function recv(id: number): Promise<void> {
    for (let i = 0; i < 3; i++) {
      const [str] = await socket.readLine(id);
      if (str !== undefined) skynet.error(`recv ${str}`);
      else skynet.error('disconnect');
    }
    await socket.close(id); // Not before everything has been received.
    skynet.exit();
  }

  function send(id: number): void {
    // Three times, whether or not an answer has come.
    for (let i = 0; i < 3; i++) {
      skynet.error(`send data${i}`);
      socket.write(id, `data${i}\n`);
    }
  }

  const addr = `127.0.0.1:${portOf(skynet, 8001)}`;
  skynet.error(`connect ${addr}`);
  const id = await socket.open(addr);
  skynet.fork(recv, id);
  skynet.fork(send, id);
});

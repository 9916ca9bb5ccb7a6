import { defineService, isSkynetError, printable } from '@skynet/core';
import { createCluster } from '@skynet/harbor/cluster';
import { createSocket } from '@skynet/socket';

/** Longest line of a player, in characters. */
const MAX_LINE = 200;

/** Players of this node, one for each connection: the first line is the name, all others are said in the room. */
export default defineService(async (skynet, node = '', port = '0') => {
  const cluster = createCluster(skynet);
  const socket = createSocket(skynet);
  const players = new Map<number, string>();

  async function say(who: string, text: string): Promise<string | undefined> {
    try {
      await cluster.call({ node: 'room', timeout: '3s' }, '@room', 'say', node, who, text);
      return undefined;
    } catch (error) {
      return `* nobody heard that: the room is away (${isSkynetError(error) ? error.code : 'ERR_REMOTE'})\n`;
    }
  }

  async function serve(id: number): Promise<void> {
    await socket.start(id);
    socket.write(id, `* node ${node}; who are you?\n`);
    try {
      for (;;) {
        const [line] = await socket.readLine(id);
        if (line === undefined) return;
        const text = printable(line.trim().slice(0, MAX_LINE));
        const who = players.get(id);
        if (text === '') continue;
        if (who === undefined) {
          players.set(id, text);
          socket.write(id, `* welcome, ${text}\n`);
          continue;
        }
        const failure = await say(who, text);
        if (failure !== undefined) socket.write(id, failure);
      }
    } finally {
      players.delete(id);
      await socket.close(id);
    }
  }

  const listener = await socket.listen(`127.0.0.1:${port}`);
  await socket.start(listener, (id: number) => void skynet.fork(serve, id));
  const present = (): void => cluster.send('room', '@room', 'join', node);
  present();
  skynet.interval('1s', present);

  return {
    /** For whoever looks whether the node is there. */
    ping: () => true,
    heard(from: string, who: string, text: string): void {
      for (const id of players.keys()) socket.write(id, `${who}@${from}: ${text}\n`);
    },
  };
});

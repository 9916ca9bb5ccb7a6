// Book 18.1: accepts connections and hands them to twenty agents in turn.
import { defineService, type Handle } from '@skynet/core';
import { createSocket } from '@skynet/socket';
import { hostOf, portOf } from '../address.ts';

const AGENTS = 20;

export default defineService(async (skynet) => {
  const socket = createSocket(skynet);
  const agent: Handle[] = [];
  for (let i = 0; i < AGENTS; i++) agent.push(await skynet.newService('testhttpagent'));
  let balance = 0;
  const id = await socket.listen(hostOf(skynet), portOf(skynet, 8001));
  await socket.start(id, (client, addr) => {
    const next = agent[balance] as Handle;
    skynet.error(`${addr} connected, pass it to agent ${skynet.address(next)}`);
    skynet.send(next, 'lua', client);
    balance = (balance + 1) % agent.length;
  });
});

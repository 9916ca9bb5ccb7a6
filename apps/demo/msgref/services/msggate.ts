// `msggate <login server>`: a message server with an agent for each user.
import { type CommandsOf, defineService, type ServiceHandle } from '@skynet/core';
import { startGateserver } from '@skynet/gateserver';
import { startMsgServer } from '@skynet/msgserver';
import type agentService from './msgagent.ts';

type Agent = ServiceHandle<CommandsOf<typeof agentService>>;

export default defineService((skynet, loginservice = '') => {
  const login = Number(loginservice);
  const agents = new Map<string, Agent>();
  let last = 0;

  const msgserver = startMsgServer(
    skynet,
    startGateserver,
    {
      async loginHandler(uid, secret) {
        const subid = ++last;
        const username = msgserver.username(uid, subid, msgserver.servername);
        const agent: Agent = await skynet.newService({ name: 'msgagent', thread: 'spread' });
        agents.set(username, agent);
        await skynet.proxy(agent).login(skynet.self(), uid, subid);
        msgserver.login(username, secret);
        msgserver.forward(username, agent);
        return subid;
      },
      async logoutHandler(uid, subid) {
        const username = msgserver.username(uid, subid, msgserver.servername);
        if (!agents.delete(username)) return;
        msgserver.logout(username);
        await skynet.call(login, 'lua', 'logout', uid, subid);
      },
      async kickHandler(uid, subid) {
        const agent = agents.get(msgserver.username(uid, subid, msgserver.servername));
        // It ends without an answer.
        if (agent !== undefined)
          await skynet
            .proxy(agent)
            .logout()
            .catch(() => {});
      },
      // Only for users without an agent, and there are none.
      requestHandler() {
        throw new Error('no agent');
      },
      async registerHandler(name) {
        await skynet.call(login, 'lua', 'register_gate', name, skynet.self());
      },
    },
    { expiredNumber: 128 },
  );
});

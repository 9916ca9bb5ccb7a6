// Book 15.5: mymsgserver, third version: an agent for each user. `agentmymsgserver <login server>`.
import { defineService, type Handle, PTYPE } from '@skynet/core';
import { startGateserver } from '@skynet/gateserver';
import { startMsgServer } from '@skynet/msgserver';

export default defineService((skynet, loginservice = '') => {
  const login = Number(loginservice);
  const agents = new Map<string, Handle>();
  let subid = 0;
  let servername = '';

  skynet.registerProtocol({ name: 'client', id: PTYPE.CLIENT });

  const msgserver = startMsgServer(skynet, startGateserver, {
    async loginHandler(uid, secret) {
      const id = ++subid;
      const username = msgserver.username(uid, id, servername);
      skynet.error('uid', uid, 'login, newusername', username);
      msgserver.login(username, secret);
      const agent = await skynet.newService('mymsgagent');
      await skynet.call(agent, 'lua', 'login', uid, id, secret);
      agents.set(username, agent);
      return id;
    },
    // Mostly called by the agent.
    async logoutHandler(uid, id) {
      const username = msgserver.username(uid, id, servername);
      msgserver.logout(username);
      agents.delete(username);
      await skynet.call(login, 'lua', 'logout', uid, id);
    },
    // Mostly called by the login server.
    async kickHandler(uid, id) {
      const agent = agents.get(msgserver.username(uid, id, servername));
      // The agent ends without an answer.
      if (agent !== undefined) await skynet.call(agent, 'lua', 'logout').catch(() => {});
    },
    disconnectHandler(username) {
      skynet.error(username, 'disconnect');
    },
    // Hands the request on; what the agent answers is the answer.
    async requestHandler(username, content) {
      skynet.error('recv', skynet.toString(content), 'from', username);
      const agent = agents.get(username);
      if (agent === undefined) throw new Error('no agent');
      return (await skynet.rawCall(agent, 'client', content)) as Uint8Array;
    },
    async registerHandler(name) {
      servername = name;
      await skynet.call(login, 'lua', 'register_gate', servername, skynet.self());
    },
  });
});

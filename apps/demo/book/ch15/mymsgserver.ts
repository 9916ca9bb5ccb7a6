// Book 15.2.1: a message server behind a login server: `mymsgserver <login server>`.
import { defineService } from '@skynet/core';
import { startGateserver } from '@skynet/gateserver';
import { startMsgServer } from '@skynet/msgserver';

export default defineService((skynet, loginservice = '') => {
  const login = Number(loginservice);
  let subid = 0;
  let servername = '';

  const logout = (uid: string, id: string | number): void =>
    msgserver.logout(msgserver.username(uid, id, servername));

  const msgserver = startMsgServer(skynet, startGateserver, {
    loginHandler(uid, secret) {
      subid += 1;
      const username = msgserver.username(uid, subid, servername);
      skynet.error('uid', uid, 'login, username', username);
      msgserver.login(username, secret);
      return subid;
    },
    logoutHandler: logout,
    kickHandler: logout,
    disconnectHandler(username) {
      skynet.error(username, 'disconnect');
    },
    requestHandler(username, content) {
      const msg = skynet.toString(content);
      skynet.error('recv', msg, 'from', username);
      return msg.toUpperCase();
    },
    async registerHandler(name) {
      servername = name;
      await skynet.call(login, 'lua', 'register_gate', servername, skynet.self());
    },
  });
});

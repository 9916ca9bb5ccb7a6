// Book 15.4.3: mymsgserver, second version, whose request handler fails.
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
      skynet.error('recv', skynet.toString(content), 'from', username);
      throw new Error('request_handler');
    },
    async registerHandler(name) {
      servername = name;
      await skynet.call(login, 'lua', 'register_gate', servername, skynet.self());
    },
  });
});

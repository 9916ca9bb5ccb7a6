// Book 15.4.3: mymsgserver, second version, whose request handler fails.
import { defineService } from '@skynet/core';
import { startGateserver } from '@skynet/gateserver';
import { startMsgServer } from '@skynet/msgserver';

export default defineService((skynet, loginservice = '') => {
  let subid = 0;
  const msgserver = startMsgServer(skynet, startGateserver, {
    loginHandler(uid, secret) {
      subid += 1;
      msgserver.login(msgserver.username(uid, subid, msgserver.servername), secret);
      return subid;
    },
    logoutHandler: (uid, id) => msgserver.logout(msgserver.username(uid, id, msgserver.servername)),
    kickHandler: (uid, id) => msgserver.logout(msgserver.username(uid, id, msgserver.servername)),
    requestHandler() {
      throw new Error('request_handler');
    },
    registerHandler: (name) => skynet.call(Number(loginservice), 'lua', 'register_gate', name, skynet.self()),
  });
});

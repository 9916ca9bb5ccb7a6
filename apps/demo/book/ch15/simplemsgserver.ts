// Book 15.1.3: the simplest message server.
import { defineService } from '@skynet/core';
import { startGateserver } from '@skynet/gateserver';
import { startMsgServer } from '@skynet/msgserver';

export default defineService((skynet) => {
  let subid = 0;
  let servername = '';

  const msgserver = startMsgServer(skynet, startGateserver, {
    // For others to say who may come.
    loginHandler(uid, secret) {
      skynet.error('login_handler invoke', uid); // the book logs the secret too
      subid += 1;
      const username = msgserver.username(uid, subid, servername);
      skynet.error('uid', uid, 'login, username', username);
      msgserver.login(username, secret);
      return subid;
    },
    // For others to log a user out.
    logoutHandler(uid, id) {
      skynet.error('logout_handler invoke', uid, id);
      msgserver.logout(msgserver.username(uid, id, servername));
    },
    // For others to close the connection.
    kickHandler(uid, id) {
      skynet.error('kick_handler invoke', uid, id);
    },
    // A client has gone.
    disconnectHandler(username) {
      skynet.error(username, 'disconnect');
    },
    // A client asks; what is returned is the answer.
    requestHandler(username, content) {
      const msg = skynet.toString(content);
      skynet.error('recv', msg, 'from', username);
      return msg.toUpperCase();
    },
    // It listens, under this name.
    registerHandler(name) {
      skynet.error('register_handler invoked name', name);
      servername = name;
    },
  });
});

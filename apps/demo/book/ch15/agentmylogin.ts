// Book 15.5: mylogin, third version: a user who logs in again takes the place of the earlier login.
import { defineService, type Handle } from '@skynet/core';
import { startLoginServer } from '@skynet/loginserver';
import { portOf } from '../address.ts';
import { parseToken } from '../token.ts';

export default defineService(async (skynet, ...args) => {
  const serverList = new Map<string, Handle>();
  const loginUsers = new Map<string | number, { address: Handle; server: string; subid: number }>();

  const CMD: { [name: string]: (first: string, second: number) => void } = {
    register_gate(server, address) {
      skynet.error('cmd register_gate');
      serverList.set(server, address);
    },
    // What belongs to a user could be saved here.
    logout(uid) {
      const user = loginUsers.get(uid);
      if (user === undefined) return;
      skynet.error(`${uid}@${user.server} is logout`);
      loginUsers.delete(uid);
    },
  };

  await startLoginServer(skynet, args, {
    host: '127.0.0.1',
    port: portOf(skynet, 8001),
    multilogin: false,
    name: 'login_master',
    authHandler(token) {
      const { user, server, password } = parseToken(token);
      skynet.error(`${user}@${server}`);
      if (password !== 'password') throw new Error('Invalid password');
      return { server, uid: user };
    },
    async loginHandler(server, uid, secret) {
      const msgserver = serverList.get(server);
      if (msgserver === undefined) throw new Error('unknow server');
      skynet.error(`${uid}@${server} is login`);
      const last = loginUsers.get(uid);
      if (last !== undefined) await skynet.call(last.address, 'lua', 'kick', uid, last.subid);
      const subid = await skynet.call<number>(msgserver, 'lua', 'login', uid, secret);
      loginUsers.set(uid, { address: msgserver, server, subid });
      return subid;
    },
    commandHandler(command: string, first: string, second: number) {
      const run = Object.hasOwn(CMD, command) ? CMD[command] : undefined;
      if (run === undefined) throw new Error(`no command ${command}`);
      return run(first, second);
    },
  });
});

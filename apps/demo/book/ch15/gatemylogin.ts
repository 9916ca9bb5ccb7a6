// Book 15.2.2: mylogin, second version: passes users on to the message server they want.
import { defineService, type Handle } from '@skynet/core';
import { startLoginServer } from '@skynet/loginserver';
import { portOf } from '../address.ts';
import { parseToken } from '../token.ts';

export default defineService(async (skynet, ...args) => {
  const serverList = new Map<string, Handle>();

  const CMD = {
    register_gate(server: string, address: Handle): void {
      skynet.error('cmd register_gate');
      serverList.set(server, address);
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
      return await skynet.call<number>(msgserver, 'lua', 'login', uid, secret);
    },
    commandHandler(command: keyof typeof CMD, server: string, address: Handle) {
      return CMD[command](server, address);
    },
  });
});

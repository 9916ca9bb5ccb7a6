// Book 14.4: a login server. The listing is called myloginserver, the name typed at the console is mylogin.
import { defineService, type Handle } from '@skynet/core';
import { startLoginServer } from '@skynet/loginserver';
import { portOf } from '../address.ts';
import { parseToken } from '../token.ts';

export default defineService(async (skynet, ...args) => {
  let subid = 0;

  const CMD = {
    register_gate(_server: string, _address: Handle): void {
      skynet.error('cmd register_gate');
    },
  };

  await startLoginServer(skynet, args, {
    host: '127.0.0.1',
    port: portOf(skynet, 8001),
    multilogin: false,
    name: 'login_master',
    authHandler(token) {
      const { user, server, password } = parseToken(token);
      skynet.error(`${user}@${server}`); // the book logs the password too
      if (password !== 'password') throw new Error('Invalid password');
      return { server, uid: user };
    },
    loginHandler(server, uid, _secret) {
      skynet.error(`${uid}@${server} is login`); // the book logs the secret too
      subid += 1;
      return subid;
    },
    commandHandler(command: keyof typeof CMD, server: string, address: Handle) {
      return CMD[command](server, address);
    },
  });
});

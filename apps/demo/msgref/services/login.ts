// `login <host> <port>`: takes any user with the password `password`. The login of `slow1` takes about a second.
import { defineService, type Handle } from '@skynet/core';
import { startLoginServer } from '@skynet/loginserver';
import { parseToken } from '../../book/token.ts';

export default defineService(async (skynet, host = '127.0.0.1', port = '0') => {
  const servers = new Map<string, Handle>();
  const users = new Map<string | number, { gate: Handle; subid: number }>();

  const commands: { [name: string]: (first: string, second: number) => void } = {
    register_gate(server, gate) {
      servers.set(server, gate);
    },
    logout(uid, subid) {
      if (users.get(uid)?.subid === subid) users.delete(uid);
    },
  };

  await startLoginServer(skynet, [host, port], {
    host,
    port: Number(port),
    name: 'login_master',
    maxclient: 65_536,
    limits: { connections: 0, failuresPerMinute: 0 }, // all come from one address
    authHandler(token) {
      const { user, server, password } = parseToken(token);
      if (password !== 'password') throw new Error('Invalid password');
      return { server, uid: user };
    },
    async loginHandler(server, uid, secret) {
      const gate = servers.get(server);
      if (gate === undefined) throw new Error('unknown server');
      if (uid === 'slow1') await skynet.sleep('1s');
      const last = users.get(uid);
      if (last !== undefined) await skynet.call(last.gate, 'lua', 'kick', uid, last.subid);
      const subid = await skynet.call<number>(gate, 'lua', 'login', uid, secret);
      users.set(uid, { gate, subid });
      return subid;
    },
    commandHandler(command: string, first: string, second: number) {
      const run = Object.hasOwn(commands, command) ? commands[command] : undefined;
      if (run === undefined) throw new Error(`no command ${command}`);
      return run(first, second);
    },
  });
});

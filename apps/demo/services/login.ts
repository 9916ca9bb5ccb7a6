// Book §14.3: `login <address>…`. Takes any user with the password of the configuration.
import { defineService, type Handle, printable } from '@skynet/core';
import { startLoginServer } from '@skynet/loginserver';
import { parseToken } from '../book/token.ts';

/** Slaves: the handshakes of a few players are no work. */
const SLAVES = 2;

export default defineService(async (skynet, ...listen) => {
  const gates = new Map<string, Handle>();
  const expected = skynet.getenv('password') ?? 'password';
  await startLoginServer(skynet, listen, {
    listen,
    instance: SLAVES,
    authHandler(token) {
      const { user, server, password } = parseToken(token);
      if (password !== expected) throw new Error('Invalid password');
      return { server, uid: user };
    },
    async loginHandler(server, uid, secret) {
      const gate = gates.get(server);
      if (gate === undefined) throw new Error(`unknown server ${printable(server)}`);
      return skynet.call<number>(gate, 'lua', 'login', uid, secret);
    },
    commandHandler(command: string, server: string, gate: Handle) {
      if (command !== 'register_gate') throw new Error(`no command ${printable(command)}`);
      gates.set(server, gate);
    },
  });
});

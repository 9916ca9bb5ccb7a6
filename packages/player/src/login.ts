import { type Handle, printable, type Skynet } from '@skynet/core';
import { base64decode } from '@skynet/core/crypt';
import { kernelOf } from '@skynet/core/kernel';
import { playerError } from './errors.ts';

/** What the token says that `login({ user, server, password })` of `@skynet/msgserver/client` sends. */
export interface Token {
  readonly user: string;
  readonly server: string;
  readonly password: string;
}

/** Takes such a token apart. @throws ERR_ARGUMENT if it has another shape. */
export function readToken(token: string): Token {
  const match = typeof token === 'string' ? /^([^@]+)@([^:@]+):([^:@]+)$/.exec(token) : null;
  if (match === null) throw playerError('ERR_ARGUMENT', 'the token has not the shape user@server:password');
  const [user, server, password] = match.slice(1).map((part) => Buffer.from(base64decode(part)).toString());
  return { user, server, password } as Token;
}

/** What {@link loginPoint} gives to `startLoginServer`. */
export interface LoginPoint {
  /** Tells the game server of the user, and returns what that calls the login. */
  loginHandler(server: string, uid: string | number, secret: Uint8Array): Promise<string>;
  /** Takes game servers that register. */
  commandHandler(command: string, ...args: unknown[]): unknown;
}

/**
 * The part of a login server that brings users to their game servers: which of them there are they say themselves, see
 * `logins` of `startPlayers`. `startLoginServer(skynet, args, { listen, authHandler, ...loginPoint(skynet) })`.
 */
export function loginPoint(skynet: Skynet): LoginPoint {
  kernelOf(skynet);
  const gates = new Map<string, Handle>();
  return {
    async loginHandler(server, uid, secret) {
      const gate = gates.get(server);
      if (gate === undefined)
        throw playerError('ERR_ARGUMENT', `there is no game server ${printable(server)}`);
      return await skynet.call<string>(gate, 'lua', 'login', String(uid), secret);
    },
    commandHandler(command, server, gate) {
      if (command !== 'register_gate' || typeof server !== 'string' || typeof gate !== 'number')
        throw playerError('ERR_UNKNOWN_COMMAND', `Unknown command ${printable(command)}`);
      gates.set(server, gate);
    },
  };
}

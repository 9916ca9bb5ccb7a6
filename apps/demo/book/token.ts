import { base64decode } from '@skynet/core/crypt';

/** What the token of the book says: base64(user)@base64(server):base64(password). */
export interface Token {
  readonly user: string;
  readonly server: string;
  readonly password: string;
}

/** Takes a token apart. @throws if it has another shape. */
export function parseToken(token: string): Token {
  const match = /^([^@]+)@([^:]+):(.+)$/.exec(token);
  if (match === null) throw new Error('Invalid token');
  const [user = '', server = '', password = ''] = match
    .slice(1)
    .map((part) => Buffer.from(base64decode(part)).toString());
  return { user, server, password };
}

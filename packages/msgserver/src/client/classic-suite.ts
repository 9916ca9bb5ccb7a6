import {
  base64decode,
  base64encode,
  desencode,
  dhexchange,
  dhsecret,
  hmac64,
  randomkey,
} from '@skynet/core/crypt';
import { ClientError, shown } from './errors.ts';
import type { LoginConversation, LoginSuite } from './suite.ts';

/**
 * The original's handshake (book §14.2): 64-bit Diffie-Hellman, hmac64, DES. It keeps nobody out who can read the
 * network; use it with servers that know no other, or inside TLS.
 * @param key Makes private keys of 8 bytes; for tests.
 * @throws ERR_CLIENT_ARGUMENT.
 */
export function classicSuite(key: () => Uint8Array = randomkey): LoginSuite {
  if (typeof key !== 'function')
    throw new ClientError('ERR_CLIENT_ARGUMENT', 'a private key is made by a function');
  return {
    async start(challenge: string): Promise<LoginConversation> {
      const own = key();
      const asked = understood(() => base64decode(challenge), challenge);
      if (asked.length !== 8)
        throw new ClientError('ERR_CLIENT_SERVER', `not a challenge: ${shown(challenge)}`);
      let secret: Uint8Array = new Uint8Array(0);
      return {
        greeting: base64encode(dhexchange(own)),
        async prove(line: string, token: Uint8Array): Promise<string[]> {
          secret = understood(() => dhsecret(base64decode(line), own), line);
          return [base64encode(hmac64(asked, secret)), base64encode(desencode(secret, token))];
        },
        status: async (line: string) => line,
        get secret(): Uint8Array {
          return secret;
        },
      };
    },
  };
}

function understood<Value>(read: () => Value, line: string): Value {
  try {
    return read();
  } catch (cause) {
    throw new ClientError('ERR_CLIENT_SERVER', `the server sent "${shown(line)}"`, {
      cause,
    });
  }
}

import {
  base64decode,
  base64encode,
  desdecode,
  dhexchange,
  dhsecret,
  equal,
  hmac64,
} from '@skynet/core/crypt';
import { freshKey } from './fresh-key.ts';
import { type FailureStatus, STATUS } from './status.ts';

/**
 * What comes of a client's line: a line to send, or the end of the client's part, well or badly. `token` is what the
 * client has to show, `secret` the 8 bytes both sides have now.
 */
export type Step =
  | { readonly say: string }
  | { readonly token: Uint8Array; readonly secret: Uint8Array }
  | { readonly status: FailureStatus; readonly reason: string };

/** One side of a conversation by lines. No socket in sight: lines in, steps out. */
export interface Handshake {
  /** Takes the client's next line, without the line break, one character a byte. */
  take(line: string): Step;
  /** The status line as it goes over the wire; absent where it goes as it is. */
  seal?(status: string): string;
}

/** The first line a server sends, and the bytes in it. */
export interface Challenge {
  readonly bytes: Uint8Array;
  readonly line: string;
}

/** A fresh challenge. */
export function createChallenge(): Challenge {
  const bytes = freshKey();
  return { bytes, line: base64encode(bytes) };
}

function badRequest(reason: string): Step {
  return { status: STATUS.badRequest, reason };
}

/**
 * The server's side of the original's handshake (book §14.2): 64-bit Diffie-Hellman, hmac64, DES.
 *
 * ```
 * server                                  client
 *   base64(challenge)              ──>
 *                                  <──     base64(dhexchange(client key))
 *   base64(dhexchange(server key)) ──>
 *                                  <──     base64(hmac64(challenge, secret))
 *                                  <──     base64(desencode(secret, token))
 * ```
 *
 * Whatever fails before the token is `400`, the token itself `401`.
 */
export class ClassicHandshake implements Handshake {
  readonly #challenge: Uint8Array;
  readonly #key: Uint8Array;
  #secret: Uint8Array | undefined;
  #proved = false;

  /** `key` is the server's private key, 8 random bytes unless a test wants known ones. */
  constructor(challenge: Uint8Array, key: Uint8Array = freshKey()) {
    this.#challenge = challenge;
    this.#key = key;
  }

  take(line: string): Step {
    if (this.#secret === undefined) return this.#exchange(line);
    if (!this.#proved) return this.#prove(line, this.#secret);
    return this.#decrypt(line, this.#secret);
  }

  #exchange(line: string): Step {
    try {
      const clientKey = base64decode(line);
      if (clientKey.length !== 8) return badRequest('the client key has not 8 bytes');
      this.#secret = dhsecret(clientKey, this.#key);
      return { say: base64encode(dhexchange(this.#key)) };
    } catch {
      return badRequest('not a client key');
    }
  }

  #prove(line: string, secret: Uint8Array): Step {
    try {
      if (!equal(base64decode(line), hmac64(this.#challenge, secret))) return badRequest('challenge failed');
    } catch {
      return badRequest('the answer to the challenge is not base64');
    }
    this.#proved = true;
    return { say: '' };
  }

  #decrypt(line: string, secret: Uint8Array): Step {
    try {
      return { token: desdecode(secret, base64decode(line)), secret };
    } catch {
      return { status: STATUS.unauthorized, reason: 'the token cannot be decrypted' };
    }
  }
}

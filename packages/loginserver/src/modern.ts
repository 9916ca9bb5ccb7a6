import {
  createCipheriv,
  createDecipheriv,
  createHash,
  createPrivateKey,
  createPublicKey,
  diffieHellman,
  generateKeyPairSync,
  hkdfSync,
  type KeyObject,
} from 'node:crypto';
import { SkynetError } from '@skynet/core';
import { base64encode } from '@skynet/core/crypt';
import type { LoginErrorCode } from './errors.ts';
import type { Handshake, Step } from './handshake.ts';
import { STATUS } from './status.ts';

/** First word of the client's first line, by which the server knows that it gets the handshake of today. */
export const MODERN_GREETING = 'skynet-login/1';

/** How token and status line are encrypted. */
export type ModernCipher = 'aes-256-gcm' | 'chacha20-poly1305';

const CIPHERS: readonly ModernCipher[] = ['aes-256-gcm', 'chacha20-poly1305'];

/** The handshake of today. */
export interface ModernOptions {
  /** The server's private X25519 key: its 32 bytes in base64, as {@link createServerKey} makes it. */
  privateKey: string;
  /** Ciphers a client may ask for. Default: both. */
  ciphers?: readonly ModernCipher[];
}

/** Sizes of keys, nonces and tags. */
const KEY = 32;
const TAG = 16;
/** What stands before the 32 bytes of an X25519 key in DER. */
const PRIVATE_PREFIX = Buffer.from('302e020100300506032b656e04220420', 'hex');
const PUBLIC_PREFIX = Buffer.from('302a300506032b656e032100', 'hex');

function privateKeyOf(bytes: Uint8Array): KeyObject {
  return createPrivateKey({ key: Buffer.concat([PRIVATE_PREFIX, bytes]), format: 'der', type: 'pkcs8' });
}

function publicKeyOf(bytes: Uint8Array): KeyObject {
  return createPublicKey({ key: Buffer.concat([PUBLIC_PREFIX, bytes]), format: 'der', type: 'spki' });
}

function rawPublic(key: KeyObject): Buffer {
  return key.export({ format: 'der', type: 'spki' }).subarray(PUBLIC_PREFIX.length);
}

/** Base64 as it should be, of exactly so many bytes, or undefined. */
function strictBase64(text: string, size?: number): Buffer | undefined {
  if (typeof text !== 'string') return undefined;
  const bytes = Buffer.from(text, 'base64');
  return bytes.toString('base64') === text && (size === undefined || bytes.length === size)
    ? bytes
    : undefined;
}

/** A key pair for {@link ModernOptions.privateKey} and for clients to pin, both as base64 of 32 bytes. */
export function createServerKey(): { privateKey: string; publicKey: string } {
  const { privateKey, publicKey } = generateKeyPairSync('x25519');
  return {
    privateKey: base64encode(
      privateKey.export({ format: 'der', type: 'pkcs8' }).subarray(PRIVATE_PREFIX.length),
    ),
    publicKey: base64encode(rawPublic(publicKey)),
  };
}

/** The server's key and what it takes, checked. */
export class ModernSuite {
  readonly #key: KeyObject;
  readonly #ciphers: readonly ModernCipher[];

  /** @throws ERR_ARGUMENT for a key that is no base64 of 32 bytes, or an unknown cipher. */
  constructor(options: ModernOptions) {
    const bytes = strictBase64(options.privateKey, KEY);
    if (bytes === undefined) {
      throw new SkynetError('ERR_ARGUMENT', 'login option modern.privateKey must be 32 bytes in base64', {
        details: { key: 'modern.privateKey' },
      });
    }
    this.#key = privateKeyOf(bytes);
    this.#ciphers = options.ciphers ?? CIPHERS;
    if (
      !Array.isArray(this.#ciphers) ||
      this.#ciphers.length === 0 ||
      this.#ciphers.some((cipher) => !CIPHERS.includes(cipher))
    ) {
      throw new SkynetError(
        'ERR_ARGUMENT',
        `login option modern.ciphers must be some of ${CIPHERS.join(', ')}`,
        {
          details: { key: 'modern.ciphers' },
        },
      );
    }
  }

  /** Starts the server's side for a connection; `challenge` is the line it has got. */
  start(challenge: string): Handshake {
    return new ModernHandshake(this.#key, this.#ciphers, challenge);
  }
}

/** What both sides have after the exchange of keys. */
interface SessionKeys {
  readonly cipher: ModernCipher;
  readonly client: Buffer;
  readonly server: Buffer;
  readonly secret: Uint8Array;
  /** Hash of all lines so far: what is encrypted belongs to this conversation and no other. */
  readonly transcript: Buffer;
}

function deriveKeys(
  cipher: ModernCipher,
  ephemeral: Buffer,
  pinned: Buffer,
  lines: readonly string[],
): SessionKeys {
  const transcript = createHash('sha256').update(lines.join('\n')).digest();
  const material = Buffer.concat([ephemeral, pinned]);
  const derived = Buffer.from(hkdfSync('sha256', material, transcript, MODERN_GREETING, KEY * 2 + 8));
  return {
    cipher,
    client: derived.subarray(0, KEY),
    server: derived.subarray(KEY, KEY * 2),
    secret: Uint8Array.from(derived.subarray(KEY * 2)),
    transcript,
  };
}

/** A key is used for one message of each number at most, so the number is the nonce. */
function nonceOf(number: number): Buffer {
  const nonce = Buffer.alloc(12);
  nonce.writeUInt32BE(number, 8);
  return nonce;
}

function encrypt(
  cipher: ModernCipher,
  key: Buffer,
  number: number,
  text: Uint8Array,
  context: Buffer,
): Buffer {
  const engine = createCipheriv(cipher as 'aes-256-gcm', key, nonceOf(number), { authTagLength: TAG });
  engine.setAAD(context);
  return Buffer.concat([engine.update(text), engine.final(), engine.getAuthTag()]);
}

/** @throws if the bytes were not encrypted with this key, number and context. */
function decrypt(cipher: ModernCipher, key: Buffer, number: number, bytes: Buffer, context: Buffer): Buffer {
  const engine = createDecipheriv(cipher as 'aes-256-gcm', key, nonceOf(number), { authTagLength: TAG });
  engine.setAAD(context);
  engine.setAuthTag(bytes.subarray(bytes.length - TAG));
  return Buffer.concat([engine.update(bytes.subarray(0, bytes.length - TAG)), engine.final()]);
}

/**
 * The server's side of the handshake of today, see the README for the bytes. X25519 with a fresh key on both sides and
 * the server's own key that the client knows; HKDF-SHA256; token and status line encrypted and authenticated.
 */
class ModernHandshake implements Handshake {
  readonly #key: KeyObject;
  readonly #ciphers: readonly ModernCipher[];
  readonly #challenge: string;
  #keys: SessionKeys | undefined;

  constructor(key: KeyObject, ciphers: readonly ModernCipher[], challenge: string) {
    this.#key = key;
    this.#ciphers = ciphers;
    this.#challenge = challenge;
  }

  take(line: string): Step {
    return this.#keys === undefined ? this.#exchange(line) : this.#open(line, this.#keys);
  }

  seal(status: string): string {
    const keys = this.#keys;
    if (keys === undefined) return status;
    return base64encode(encrypt(keys.cipher, keys.server, 1, Buffer.from(status), keys.transcript));
  }

  #exchange(line: string): Step {
    const [, name = '', text = '', ...more] = line.split(' ');
    const cipher = this.#ciphers.find((known) => known === name);
    const clientKey = strictBase64(text, KEY);
    if (cipher === undefined || clientKey === undefined || more.length > 0)
      return { status: STATUS.badRequest, reason: 'not a greeting of a client' };
    try {
      const publicKey = publicKeyOf(clientKey);
      const own = generateKeyPairSync('x25519');
      const ownPublic = base64encode(rawPublic(own.publicKey));
      // Throws for the points of small order, which would make the secret known to everybody.
      const ephemeral = diffieHellman({ privateKey: own.privateKey, publicKey });
      const pinned = diffieHellman({ privateKey: this.#key, publicKey });
      const keys = deriveKeys(cipher, ephemeral, pinned, [this.#challenge, line, ownPublic]);
      this.#keys = keys;
      // An encrypted nothing: only who has the server's private key can make it.
      const proof = encrypt(cipher, keys.server, 0, new Uint8Array(0), keys.transcript);
      return { say: `${ownPublic} ${base64encode(proof)}` };
    } catch {
      return { status: STATUS.badRequest, reason: 'not a client key' };
    }
  }

  #open(line: string, keys: SessionKeys): Step {
    const bytes = strictBase64(line);
    try {
      if (bytes === undefined || bytes.length < TAG) throw new Error('too short');
      const token = decrypt(keys.cipher, keys.client, 0, bytes, keys.transcript);
      return { token: Uint8Array.from(token), secret: keys.secret };
    } catch {
      return { status: STATUS.unauthorized, reason: 'the token cannot be decrypted' };
    }
  }
}

/**
 * A client of the handshake of today, for Node: what it says and what it learns. Lines in, lines out.
 * @throws ERR_ARGUMENT for a public key that is no base64 of 32 bytes.
 */
export class ModernClient {
  readonly #pinned: KeyObject;
  readonly #cipher: ModernCipher;
  readonly #own: { readonly publicKey: KeyObject; readonly privateKey: KeyObject } =
    generateKeyPairSync('x25519');
  #challenge = '';
  #greeting = '';
  #keys: SessionKeys | undefined;

  /** `publicKey` is the server's, known beforehand. */
  constructor(publicKey: string, cipher: ModernCipher = 'chacha20-poly1305') {
    const bytes = strictBase64(publicKey, KEY);
    if (bytes === undefined)
      throw new SkynetError('ERR_ARGUMENT', 'the public key of a server is 32 bytes in base64');
    if (!CIPHERS.includes(cipher))
      throw new SkynetError('ERR_ARGUMENT', `a cipher is one of ${CIPHERS.join(', ')}`);
    this.#pinned = publicKeyOf(bytes);
    this.#cipher = cipher;
  }

  /** The 8 bytes that a message server will ask for; known after {@link token}. */
  get secret(): Uint8Array | undefined {
    return this.#keys?.secret;
  }

  /** The first line, once the challenge has come. @throws ERR_LOGIN_SERVER if that is no line. */
  greet(challenge: string): string {
    if (typeof challenge !== 'string')
      throw new SkynetError<LoginErrorCode>('ERR_LOGIN_SERVER', `not a challenge: ${typeof challenge}`);
    this.#challenge = challenge;
    this.#greeting = `${MODERN_GREETING} ${this.#cipher} ${base64encode(rawPublic(this.#own.publicKey))}`;
    return this.#greeting;
  }

  /**
   * The line with the token, once the server's line has come.
   * @throws ERR_LOGIN_SERVER if it is not the server whose key is pinned; ERR_ARGUMENT for a token that is no bytes.
   */
  token(line: string, token: Uint8Array): string {
    if (!(token instanceof Uint8Array)) throw new SkynetError('ERR_ARGUMENT', 'a token is bytes');
    const [text = '', proof = ''] = typeof line === 'string' ? line.split(' ') : [];
    const serverKey = strictBase64(text, KEY);
    const tag = strictBase64(proof, TAG);
    try {
      if (serverKey === undefined || tag === undefined) throw new Error(`not a server key: ${line}`);
      const ephemeral = diffieHellman({
        privateKey: this.#own.privateKey,
        publicKey: publicKeyOf(serverKey),
      });
      const pinned = diffieHellman({ privateKey: this.#own.privateKey, publicKey: this.#pinned });
      const keys = deriveKeys(this.#cipher, ephemeral, pinned, [this.#challenge, this.#greeting, text]);
      decrypt(keys.cipher, keys.server, 0, tag, keys.transcript);
      this.#keys = keys;
      return base64encode(encrypt(keys.cipher, keys.client, 0, token, keys.transcript));
    } catch (error) {
      throw new SkynetError<LoginErrorCode>(
        'ERR_LOGIN_SERVER',
        'the server has not shown that it owns the pinned key',
        {
          cause: error,
        },
      );
    }
  }

  /**
   * The status line in what the server sent last.
   * @throws ERR_LOGIN_SERVER if it does not come from the server.
   */
  status(line: string): string {
    const bytes = strictBase64(line);
    const keys = this.#keys;
    try {
      if (bytes === undefined || bytes.length < TAG || keys === undefined) throw new Error('not encrypted');
      return decrypt(keys.cipher, keys.server, 1, bytes, keys.transcript).toString();
    } catch (error) {
      throw new SkynetError<LoginErrorCode>(
        'ERR_LOGIN_SERVER',
        'the status line does not come from the server',
        {
          cause: error,
        },
      );
    }
  }
}

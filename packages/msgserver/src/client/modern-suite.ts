import { base64decode, base64encode } from '@skynet/core/crypt';
import { ClientError } from './errors.ts';
import type { LoginConversation, LoginSuite } from './suite.ts';

/** First word of a client's first line, and what the keys are bound to. */
const GREETING = 'skynet-login/1';
/** The cipher that every browser has. */
const CIPHER = 'aes-256-gcm';
const KEY = 32;
const SECRET = 8;
const TAG = 16;
const encoder = new TextEncoder();
const decoder = new TextDecoder();

type Bytes = Uint8Array<ArrayBuffer>;
type PrivateKey = Parameters<typeof crypto.subtle.deriveBits>[1];

/** What both sides have after the exchange of keys. */
interface Keys {
  readonly client: PrivateKey;
  readonly server: PrivateKey;
  /** Hash of all lines so far: what is encrypted belongs to this conversation and no other. */
  readonly transcript: Bytes;
}

function decode(text: string, size?: number): Bytes {
  const bytes = Uint8Array.from(base64decode(text));
  if (base64encode(bytes) !== text || (size !== undefined && bytes.length !== size))
    throw new Error(`not base64 of ${size ?? 'some'} bytes: ${text.slice(0, 80)}`);
  return bytes;
}

/** A key is used for one message of each number at most, so the number is the nonce. */
function parameters(number: number, transcript: Bytes): Parameters<typeof crypto.subtle.encrypt>[0] {
  const iv = new Uint8Array(12);
  iv[11] = number;
  return { name: 'AES-GCM', iv, additionalData: transcript, tagLength: TAG * 8 };
}

function importPublic(bytes: Bytes): Promise<PrivateKey> {
  return crypto.subtle.importKey('raw', bytes, { name: 'X25519' }, false, []);
}

async function agree(own: PrivateKey, other: PrivateKey): Promise<Bytes> {
  return new Uint8Array(await crypto.subtle.deriveBits({ name: 'X25519', public: other }, own, KEY * 8));
}

/** The server has not shown what it should. */
function stranger(message: string, cause: unknown): ClientError {
  return new ClientError('ERR_CLIENT_SERVER', message, { cause });
}

/**
 * The handshake of today that `@skynet/loginserver` offers beside the original's: X25519, HKDF-SHA256, AES-256-GCM, and
 * a server that proves who it is. By Web Crypto: in browsers it needs a page from https or localhost, and Chromium 133,
 * Firefox 130 or Safari 17 at least.
 * @param publicKey The server's, known beforehand: 32 bytes in base64.
 * @throws ERR_CLIENT_ARGUMENT for a key that is none, or a host without Web Crypto.
 */
export function modernSuite(publicKey: string): LoginSuite {
  let pinned: Bytes;
  try {
    pinned = decode(publicKey, KEY);
  } catch (cause) {
    throw new ClientError('ERR_CLIENT_ARGUMENT', 'the public key of a server is 32 bytes in base64', {
      cause,
    });
  }
  if (globalThis.crypto?.subtle === undefined)
    throw new ClientError(
      'ERR_CLIENT_ARGUMENT',
      'no Web Crypto here: the page must come from https or localhost',
    );
  return { start: (challenge) => start(pinned, challenge) };
}

async function start(pinned: Bytes, challenge: string): Promise<LoginConversation> {
  const { subtle } = crypto;
  const own = (await subtle.generateKey({ name: 'X25519' }, false, ['deriveBits'])) as {
    readonly privateKey: PrivateKey;
    readonly publicKey: PrivateKey;
  };
  const ownPublic = new Uint8Array(await subtle.exportKey('raw', own.publicKey));
  const greeting = `${GREETING} ${CIPHER} ${base64encode(ownPublic)}`;
  let secret: Uint8Array = new Uint8Array(0);
  let keys: Keys | undefined;

  const derive = async (serverKey: string): Promise<Keys> => {
    const lines = encoder.encode([challenge, greeting, serverKey].join('\n'));
    const transcript = new Uint8Array(await subtle.digest('SHA-256', lines));
    const material = new Uint8Array(KEY * 2);
    material.set(await agree(own.privateKey, await importPublic(decode(serverKey, KEY))));
    material.set(await agree(own.privateKey, await importPublic(pinned)), KEY);
    const base = await subtle.importKey('raw', material, 'HKDF', false, ['deriveBits']);
    const info = encoder.encode(GREETING);
    const bits = (KEY * 2 + SECRET) * 8;
    const derived = new Uint8Array(
      await subtle.deriveBits({ name: 'HKDF', hash: 'SHA-256', salt: transcript, info }, base, bits),
    );
    const cipherKey = (from: number, use: 'encrypt' | 'decrypt'): Promise<PrivateKey> =>
      subtle.importKey('raw', derived.slice(from, from + KEY), 'AES-GCM', false, [use]);
    secret = derived.slice(KEY * 2);
    return { client: await cipherKey(0, 'encrypt'), server: await cipherKey(KEY, 'decrypt'), transcript };
  };
  const open = async ({ server, transcript }: Keys, number: number, bytes: Bytes): Promise<string> =>
    decoder.decode(await subtle.decrypt(parameters(number, transcript), server, bytes));

  return {
    greeting,
    async prove(line: string, token: Uint8Array): Promise<string[]> {
      try {
        const [serverKey = '', proof = ''] = line.split(' ');
        const derived = await derive(serverKey);
        // An encrypted nothing: only who has the server's private key can make it.
        await open(derived, 0, decode(proof, TAG));
        keys = derived;
      } catch (cause) {
        throw stranger('the server has not shown that it owns the pinned key', cause);
      }
      const sealed = await subtle.encrypt(
        parameters(0, keys.transcript),
        keys.client,
        Uint8Array.from(token),
      );
      return [base64encode(new Uint8Array(sealed))];
    },
    async status(line: string): Promise<string> {
      try {
        if (keys === undefined) throw new Error('no keys yet');
        return await open(keys, 1, decode(line));
      } catch (cause) {
        throw stranger('the status line does not come from the server', cause);
      }
    },
    get secret(): Uint8Array {
      return secret;
    },
  };
}

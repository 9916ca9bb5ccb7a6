// Server and client of the handshake of today say what docs/protocol-vectors.jsonl says, which was made without them.
import * as nodeCrypto from 'node:crypto';
import { readFileSync } from 'node:fs';
import { base64decode } from '@skynet/core/crypt';
import { expect, test, vi } from 'vitest';
import { type ModernCipher, ModernClient, ModernSuite } from '../src/modern.ts';

interface Row {
  readonly kind: string;
  readonly cipher: ModernCipher;
  readonly publicKey: string;
  readonly privateKey: string;
  readonly clientKey: string;
  readonly serverKey: string;
  readonly token: string;
  readonly status: string;
  readonly lines: readonly [string, string, string, string, string];
  readonly secret: string;
}

const FILE = new URL('../../../docs/protocol-vectors.jsonl', import.meta.url);
const rows = readFileSync(FILE, 'utf8')
  .trim()
  .split('\n')
  .map((line) => JSON.parse(line) as Row)
  .filter(({ kind }) => kind === 'modern-login');

/** Keys that are made next, in hex. */
const next: string[] = [];
vi.mock('node:crypto', async (original) => {
  const real = await original<typeof nodeCrypto>();
  return {
    ...real,
    generateKeyPairSync(type: 'x25519') {
      const seed = next.shift();
      if (seed === undefined) return real.generateKeyPairSync(type);
      const der = Buffer.concat([
        Buffer.from('302e020100300506032b656e04220420', 'hex'),
        Buffer.from(seed, 'hex'),
      ]);
      const privateKey = real.createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
      return { privateKey, publicKey: real.createPublicKey(privateKey as never) };
    },
  };
});

test('there are vectors for both ciphers', () => {
  expect(rows.map(({ cipher }) => cipher)).toEqual(['aes-256-gcm', 'chacha20-poly1305']);
});

test.each(rows)('$cipher: the server says what the vector says', (row) => {
  next.push(row.serverKey);
  const [challenge, greeting, exchanged, token, status] = row.lines;
  const server = new ModernSuite({ privateKey: row.privateKey }).start(challenge);
  expect(server.take(greeting)).toEqual({ say: exchanged });
  const step = server.take(token) as { token: Uint8Array; secret: Uint8Array };
  expect(Buffer.from(step.token).toString()).toBe(row.token);
  expect(Buffer.from(step.secret).toString('hex')).toBe(row.secret);
  expect(server.seal?.(row.status)).toBe(status);
});

test.each(rows)('$cipher: the client in Node says what the vector says', (row) => {
  next.push(row.clientKey);
  const [challenge, greeting, exchanged, token, status] = row.lines;
  const client = new ModernClient(row.publicKey, row.cipher);
  expect(client.greet(challenge)).toBe(greeting);
  expect(client.token(exchanged, Buffer.from(row.token))).toBe(token);
  expect(client.status(status)).toBe(row.status);
  expect(Buffer.from(client.secret as Uint8Array).toString('hex')).toBe(row.secret);
});

test.each(rows)('$cipher: the key of the vector belongs to its public one', ({ privateKey, publicKey }) => {
  const der = Buffer.concat([
    Buffer.from('302e020100300506032b656e04220420', 'hex'),
    base64decode(privateKey),
  ]);
  const key = nodeCrypto.createPublicKey(
    nodeCrypto.createPrivateKey({ key: der, format: 'der', type: 'pkcs8' }) as never,
  );
  expect(key.export({ format: 'der', type: 'spki' }).subarray(12).toString('base64')).toBe(publicKey);
});

// The client of pages says in the handshake of today what docs/protocol-vectors.jsonl says, which was made without it.
import { createPrivateKey, createPublicKey } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { modernSuite } from '@skynet/msgserver/client';
import { expect, onTestFinished, test, vi } from 'vitest';

interface Row {
  readonly kind: string;
  readonly cipher: string;
  readonly publicKey: string;
  readonly clientKey: string;
  readonly token: string;
  readonly status: string;
  readonly lines: readonly [string, string, string, string, string];
  readonly secret: string;
}

const FILE = new URL('../../../../docs/protocol-vectors.jsonl', import.meta.url);
// Browsers have no other cipher.
const rows = readFileSync(FILE, 'utf8')
  .trim()
  .split('\n')
  .map((line) => JSON.parse(line) as Row)
  .filter(({ kind, cipher }) => kind === 'modern-login' && cipher === 'aes-256-gcm');

test('the client of pages says what the vector says', async () => {
  expect(rows.length).toBeGreaterThan(0);
  for (const row of rows) {
    const der = Buffer.concat([
      Buffer.from('302e020100300506032b656e04220420', 'hex'),
      Buffer.from(row.clientKey, 'hex'),
    ]);
    const raw = createPublicKey(createPrivateKey({ key: der, format: 'der', type: 'pkcs8' }) as never)
      .export({ format: 'der', type: 'spki' })
      .subarray(12);
    const own = {
      privateKey: await crypto.subtle.importKey('pkcs8', der, { name: 'X25519' }, false, ['deriveBits']),
      publicKey: await crypto.subtle.importKey('raw', raw, { name: 'X25519' }, true, []),
    };
    const spy = vi.spyOn(crypto.subtle, 'generateKey').mockResolvedValue(own as never);
    onTestFinished(() => spy.mockRestore());
    const [challenge, greeting, exchanged, token, status] = row.lines;
    const conversation = await modernSuite(row.publicKey).start(challenge);
    expect(conversation.greeting).toBe(greeting);
    expect(await conversation.prove(exchanged, Buffer.from(row.token))).toEqual([token]);
    expect(await conversation.status?.(status)).toBe(row.status);
    expect(Buffer.from(conversation.secret).toString('hex')).toBe(row.secret);
  }
});

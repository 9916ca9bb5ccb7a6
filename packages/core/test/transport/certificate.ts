import { readFileSync } from 'node:fs';

const read = (name: string): string => readFileSync(new URL(`./fixtures/${name}`, import.meta.url), 'utf8');

/** A self-signed certificate for localhost and 127.0.0.1, valid for a hundred years, and its key. For tests only. */
export const certificate: { cert: string; key: string } = {
  cert: read('localhost.cert.pem'),
  key: read('localhost.key.pem'),
};

/** How a TLS client begins: a record of 512 bytes, not all of it. */
export const greeting: Uint8Array = Buffer.from(`1603010200010001fc0303${'01'.repeat(400)}`, 'hex');

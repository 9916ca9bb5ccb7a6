// The crypt functions against the host's, where it has them: one line a case. Run: tsx packages/core/bench/crypt.ts
import { createCipheriv, createDiffieHellman, createHash, createHmac } from 'node:crypto';
import * as crypt from '../src/crypt/index.ts';

const TIME = 150;

/** Calls a second, the best of three rounds. */
function rate(run: () => unknown): number {
  let best = 0;
  for (let round = 0; round < 3; round++) {
    let calls = 0;
    let passed = 0;
    const before = performance.now();
    for (let batch = 1; passed < TIME; batch = Math.min(batch * 2, 4096)) {
      for (let i = 0; i < batch; i++) run();
      calls += batch;
      passed = performance.now() - before;
    }
    best = Math.max(best, (calls / passed) * 1000);
  }
  return best;
}

function report(name: string, ours: () => unknown, host?: () => unknown): void {
  const own = rate(ours);
  const line = `${name.padEnd(26)} ours ${Math.round(own).toLocaleString('en').padStart(12)} /s`;
  if (host === undefined) {
    console.log(line);
    return;
  }
  const theirs = rate(host);
  console.log(
    `${line}   node ${Math.round(theirs).toLocaleString('en').padStart(12)} /s   ${(own / theirs).toFixed(2)}x`,
  );
}

const P = 2n ** 64n - 59n;
function bigPower(base: bigint, exponent: bigint): bigint {
  let result = 1n;
  for (let b = base, e = exponent; e > 0n; e >>= 1n, b = (b * b) % P) if (e & 1n) result = (result * b) % P;
  return result;
}

const key = Buffer.from('87654321');
const other = crypt.dhexchange('22222222');
const number = key.readBigUInt64LE();
report(
  'dhexchange (node: BigInt)',
  () => crypt.dhexchange(key),
  () => bigPower(5n, number),
);
const host = createDiffieHellman(Buffer.from('ffffffffffffffc5', 'hex'), 5);
host.setPrivateKey(key);
report(
  'dhsecret',
  () => crypt.dhsecret(other, key),
  () => host.computeSecret(other),
);
report('randomkey', () => crypt.randomkey());
report('hmac64', () => crypt.hmac64(key, other));
const text = Buffer.from('aGVsbG8=@c2FtcGxl#MQ==:1');
report('hmacHash, 24 bytes', () => crypt.hmacHash(key, text));
report('hashkey, 24 bytes', () => crypt.hashkey(text));
const des = (bytes: Buffer): Buffer => {
  const cipher = createCipheriv('des-ede3', Buffer.concat([key, key, key]), null);
  return Buffer.concat([cipher.update(bytes), cipher.final()]);
};
for (const size of [32, 1024, 65536]) {
  const bytes = Buffer.alloc(size, 'text');
  const base64 = crypt.base64encode(bytes);
  const hex = crypt.hexencode(bytes);
  const cipher = crypt.desencode(key, bytes);
  report(
    `md5 ${size}`,
    () => crypt.md5(bytes),
    () => createHash('md5').update(bytes).digest(),
  );
  report(
    `sha1 ${size}`,
    () => crypt.sha1(bytes),
    () => createHash('sha1').update(bytes).digest(),
  );
  report(
    `hmacSha1 ${size}`,
    () => crypt.hmacSha1(key, bytes),
    () => createHmac('sha1', key).update(bytes).digest(),
  );
  report(
    `desencode ${size}`,
    () => crypt.desencode(key, bytes),
    () => des(bytes),
  );
  report(`desdecode ${size}`, () => crypt.desdecode(key, cipher));
  report(
    `base64encode ${size}`,
    () => crypt.base64encode(bytes),
    () => bytes.toString('base64'),
  );
  report(
    `base64decode ${size}`,
    () => crypt.base64decode(base64),
    () => Buffer.from(base64, 'base64'),
  );
  report(
    `hexencode ${size}`,
    () => crypt.hexencode(bytes),
    () => bytes.toString('hex'),
  );
  report(
    `hexdecode ${size}`,
    () => crypt.hexdecode(hex),
    () => Buffer.from(hex, 'hex'),
  );
  report(`xorStr ${size}`, () => crypt.xorStr(bytes, key));
}

import { dhexchange, dhsecret } from '@skynet/core/crypt';
import type { BenchCase } from '../case.ts';
import { cryptCase, KEY } from '../crypt.ts';

const P = 0xffffffffffffffc5n;
const peer = dhexchange('22222222');
const base = Buffer.from(peer).readBigUInt64LE();
const exponent = KEY.readBigUInt64LE();
const secret = Buffer.alloc(8);

/** The same with the host's big integers: newer OpenSSL refuses primes of 64 bits. */
function bigPower(): Buffer {
  let result = 1n;
  for (let b = base, e = exponent; e > 0n; e >>= 1n, b = (b * b) % P) if (e & 1n) result = (result * b) % P;
  secret.writeBigUInt64LE(result);
  return secret;
}

const cryptDh: BenchCase = cryptCase('dh', () => dhsecret(peer, KEY), { BigInt: bigPower });
export default cryptDh;

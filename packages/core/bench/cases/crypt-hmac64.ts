import { createHash } from 'node:crypto';
import { hmac64 } from '@skynet/core/crypt';
import type { BenchCase } from '../case.ts';
import { cryptCase, KEY } from '../crypt.ts';

const secret = Buffer.from('12345678');

// The host has no such digest; a round of MD5, which hmac64 is made of, is the nearest it has.
const cryptHmac64: BenchCase = cryptCase('hmac64', () => hmac64(KEY, secret), {
  'md5 of node:crypto': () => createHash('md5').update(KEY).update(secret).digest(),
});
export default cryptHmac64;

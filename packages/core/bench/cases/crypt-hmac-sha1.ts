import { createHmac } from 'node:crypto';
import { hmacSha1 } from '@skynet/core/crypt';
import type { BenchCase } from '../case.ts';
import { cryptCase, KEY, TEXT } from '../crypt.ts';

const cryptHmacSha1: BenchCase = cryptCase('hmac-sha1', () => hmacSha1(KEY, TEXT), {
  'node:crypto': () => createHmac('sha1', KEY).update(TEXT).digest(),
});
export default cryptHmacSha1;

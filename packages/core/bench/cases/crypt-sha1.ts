import { createHash } from 'node:crypto';
import { sha1 } from '@skynet/core/crypt';
import type { BenchCase } from '../case.ts';
import { cryptCase, TEXT } from '../crypt.ts';

const cryptSha1: BenchCase = cryptCase('sha1', () => sha1(TEXT), {
  'node:crypto': () => createHash('sha1').update(TEXT).digest(),
});
export default cryptSha1;

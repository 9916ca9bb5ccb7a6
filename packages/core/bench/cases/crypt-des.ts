import { createCipheriv } from 'node:crypto';
import { desencode } from '@skynet/core/crypt';
import type { BenchCase } from '../case.ts';
import { cryptCase, KEY, TEXT } from '../crypt.ts';

// The host has only triple DES left; three times the same key is DES.
const triple = Buffer.concat([KEY, KEY, KEY]);

const cryptDes: BenchCase = cryptCase('des', () => desencode(KEY, TEXT), {
  'node:crypto': () => {
    const cipher = createCipheriv('des-ede3', triple, null);
    return Buffer.concat([cipher.update(TEXT), cipher.final()]);
  },
});
export default cryptDes;

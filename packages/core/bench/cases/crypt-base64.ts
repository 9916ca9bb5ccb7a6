import { base64encode } from '@skynet/core/crypt';
import type { BenchCase } from '../case.ts';
import { cryptCase, TEXT } from '../crypt.ts';

const cryptBase64: BenchCase = cryptCase('base64', () => base64encode(TEXT), {
  Buffer: () => TEXT.toString('base64'),
});
export default cryptBase64;

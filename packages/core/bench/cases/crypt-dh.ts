import { createDiffieHellman } from 'node:crypto';
import { dhexchange, dhsecret } from '@skynet/core/crypt';
import type { BenchCase } from '../case.ts';
import { cryptCase, KEY } from '../crypt.ts';

const peer = dhexchange('22222222');
const host = createDiffieHellman(Buffer.from('ffffffffffffffc5', 'hex'), 5);
host.setPrivateKey(KEY);

const cryptDh: BenchCase = cryptCase('dh', () => dhsecret(peer, KEY), {
  'node:crypto': () => host.computeSecret(peer),
});
export default cryptDh;

import type { BenchCase } from '../../../core/bench/case.ts';
import { handleLogins, logins, netLogins, originalLogins } from '../login-servers.ts';

const bench: BenchCase = {
  lines: [
    { name: 'login', unit: 'logins/s' },
    { name: 'login-cpu', unit: 'us/login' },
  ],
  floors: { 'node:net': netLogins(32), handles: handleLogins(32) },
  run: logins(32, 1),
  original: originalLogins(32),
};
export default bench;

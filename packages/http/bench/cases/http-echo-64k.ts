import type { BenchCase } from '../../../core/bench/case.ts';
import { requestOf } from '../messages.ts';
import { nodeServer, skynetServer } from '../servers.ts';
import { load } from '../spawn-load.ts';

const options = { connections: 8, inflight: 1, message: requestOf('x'.repeat(65_536)) };

const httpEcho: BenchCase = {
  lines: [
    { name: 'http-echo-64k', unit: 'requests/s' },
    { name: 'http-echo-64k-cpu', unit: 'us/request' },
  ],
  floors: { 'node:http': load(nodeServer, options) },
  run: load(skynetServer, options),
};
export default httpEcho;

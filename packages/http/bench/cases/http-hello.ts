import type { BenchCase } from '../../../core/bench/case.ts';
import { requestOf } from '../messages.ts';
import { nodeServer, skynetServer } from '../servers.ts';
import { load } from '../spawn-load.ts';

const options = { connections: 32, inflight: 1, message: requestOf('') };

const httpHello: BenchCase = {
  lines: [
    { name: 'http-hello', unit: 'requests/s' },
    { name: 'http-hello-cpu', unit: 'us/request' },
  ],
  floors: { 'node:http': load(nodeServer, options) },
  run: load(skynetServer, options),
};
export default httpHello;

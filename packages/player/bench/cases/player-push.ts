import type { BenchCase, Measure } from '../../../core/bench/case.ts';
import { encodeRequest } from '../../src/wire.ts';
import { load } from '../load.ts';
import { startBench } from '../servers.ts';

/** One client that asks for a hundred pushes at a time: pushes a second, and the server's time for each. */
const pushes =
  (kind: 'players' | 'raw'): Measure =>
  async (effort) => {
    const server = await startBench(kind, 1);
    const result = await load({
      port: server.port,
      users: server.users,
      seconds: effort.tiny ? 0.1 : 2,
      request: Buffer.from(encodeRequest('push', undefined)).toString('hex'),
    });
    await server.stop();
    return [result.pushes / result.seconds, result.spent / result.pushes];
  };

const bench: BenchCase = {
  lines: [
    { name: 'player-push', unit: 'pushes/s' },
    { name: 'player-push-cpu', unit: 'us/push' },
  ],
  floors: { 'message server and agent, bytes': pushes('raw') },
  run: pushes('players'),
};
export default bench;

import type { BenchCase, Measure } from '../../../core/bench/case.ts';
import { encodeRequest } from '../../src/wire.ts';
import { colyseusBroadcast } from '../colyseus.ts';
import { load } from '../load.ts';
import { startBench } from '../servers.ts';

/** A hundred players who get a push twenty times a second: the server's time, and the slowest of a hundred pushes. */
const broadcast =
  (kind: 'players' | 'raw'): Measure =>
  async (effort) => {
    const server = await startBench(kind, effort.count(100), async (skynet, handle, uids) => {
      if (kind === 'raw') await skynet.call(handle, 'lua', 'step', ...uids);
    });
    const { spent, seconds, pushes, p99 } = await load({
      port: server.port,
      users: server.users,
      seconds: effort.tiny ? 0.3 : 5,
      timed: true,
      ...(kind === 'players' ? { first: Buffer.from(encodeRequest('join', undefined)).toString('hex') } : {}),
    });
    await server.stop();
    return [spent / 10_000 / seconds, p99, pushes / seconds];
  };

const bench: BenchCase = {
  lines: [
    { name: 'room-broadcast-100x20hz', unit: '% of a processor' },
    { name: 'room-broadcast-100x20hz-p99', unit: 'ms' },
    { name: 'room-broadcast-100x20hz-rate', unit: 'pushes/s' },
  ],
  floors: { 'message server, bytes': broadcast('raw') },
  run: broadcast('players'),
  peers: { colyseus: colyseusBroadcast },
};
export default bench;

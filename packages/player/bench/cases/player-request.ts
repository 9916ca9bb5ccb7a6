import type { BenchCase, Measure } from '../../../core/bench/case.ts';
import msg1 from '../../../msgserver/bench/cases/msg-1.ts';
import { encodeAnswer, encodeRequest } from '../../src/wire.ts';
import { load } from '../load.ts';
import { startBench, WORDS } from '../servers.ts';

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

/** One client, one request on its way: requests a second, and the server's time for each. */
const requests =
  (kind: 'players' | 'raw'): Measure =>
  async (effort) => {
    const server = await startBench(kind, 1);
    const typed = {
      request: hex(encodeRequest('upper', WORDS)),
      answer: hex(encodeAnswer(WORDS.toUpperCase())),
    };
    const body = hex(Buffer.from(`${WORDS}abcdefgh`));
    const bytes = { request: body, answer: hex(Buffer.from(`${WORDS}abcdefgh`.toUpperCase())) };
    const { answers, seconds, spent } = await load({
      port: server.port,
      users: server.users,
      seconds: effort.tiny ? 0.1 : 2,
      ...(kind === 'players' ? typed : bytes),
    });
    await server.stop();
    return [answers / seconds, spent / answers];
  };

const bench: BenchCase = {
  lines: [
    { name: 'player-request', unit: 'requests/s' },
    { name: 'player-request-cpu', unit: 'us/request' },
  ],
  floors: { 'message server and agent, bytes': requests('raw'), 'msg-1': msg1.run },
  run: requests('players'),
};
export default bench;

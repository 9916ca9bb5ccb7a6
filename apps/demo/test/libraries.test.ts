import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Happenings, startTestNode, type TestNode, until } from '@skynet/core/testing';
import { describe, expect, onTestFinished, test } from 'vitest';
import { freePort } from '../../../test/free-port.ts';
import { mariadbMissing, startMariaDb } from '../../../test/mariadb.ts';
import { testProgram } from '../../../test/programs.ts';
import { redisMissing, startRedis } from '../../../test/redis.ts';
import { listening, startServer } from '../../../test/server-process.ts';

const mosquitto = testProgram('mosquitto');
const left = (why: string | undefined): string => (why === undefined ? '' : ` (left out: ${why})`);

function start(): Promise<TestNode> {
  return startTestNode(
    { services: ['./libraries/?'] },
    { base: fileURLToPath(new URL('..', import.meta.url)), after: onTestFinished },
  );
}

describe('clients of libraries that services have adopted', () => {
  test('the program of docs/libraries.md is the one that is run here', () => {
    const read = (name: string): string => readFileSync(new URL(`../../../${name}`, import.meta.url), 'utf8');
    const [, program] = /```ts\n([\s\S]*?)```/.exec(read('docs/libraries.md')) ?? [];
    expect(program).toBe(read('apps/demo/libraries/mqtt.ts'));
  });

  test.skipIf(mosquitto.missing !== undefined)(
    `mqtt: promises and messages in the service's turn, closed with the service${left(mosquitto.missing)}`,
    async () => {
      const port = await freePort();
      const broker = startServer(mosquitto.file as string, ['-v', '-p', String(port)]);
      onTestFinished(() => broker.kill());
      const told = new Happenings<string>('what the broker tells');
      broker.child.stderr?.on('data', (chunk) => told.add(String(chunk)));
      await listening(broker, port);
      const node = await start();
      const seen = await node.run(async (skynet) => {
        const url = `mqtt://127.0.0.1:${port}`;
        const alice = await skynet.newService('mqtt', url);
        const bob = await skynet.newService('mqtt', url);
        await skynet.call(bob, 'lua', 'follow', 'players/#');
        const waiting = skynet.call(bob, 'lua', 'next');
        await skynet.call(alice, 'lua', 'tell', 'players/1', 'online');
        const heard = await waiting;
        await skynet.kill(alice);
        return heard;
      });
      expect(seen).toBe('players/1 online');
      await told.find((text) => /mqttjs_\S+ disconnected/.test(text), 'the good-bye of a client');
    },
  );

  test.skipIf(mariadbMissing !== undefined)(
    `mysql2: errors with a code, the task stays the task, no connection is left${left(mariadbMissing)}`,
    async () => {
      const server = await startMariaDb();
      onTestFinished(() => server.stop());
      const node = await start();
      const seen = await node.run(async (skynet) => {
        const db = await skynet.newService('mysql2', String(server.port));
        const results = [
          await skynet.call(db, 'lua', 'add', 1, 2),
          await skynet.call(db, 'lua', 'sleep'),
          await skynet.call(db, 'lua', 'wrong').catch((error) => [error.code, error.details.code]),
          server.connections(),
        ];
        await skynet.kill(db);
        await skynet.await(until(() => server.connections() === 0));
        return results;
      });
      expect(seen).toEqual([3, true, ['ERR_DB', 'ER_PARSE_ERROR'], 1]);
    },
  );

  test.skipIf(redisMissing !== undefined)(
    `ioredis: pipelines and streams, no connection is left${left(redisMissing)}`,
    async () => {
      const server = await startRedis();
      onTestFinished(() => server.stop());
      const node = await start();
      const seen = await node.run(async (skynet) => {
        const cache = await skynet.newService('ioredis', String(server.port));
        await skynet.call(cache, 'lua', 'fill', 250);
        const results = [
          await skynet.call(cache, 'lua', 'keys'),
          await skynet.call(cache, 'lua', 'wrong').catch((error) => error.code),
        ];
        await skynet.kill(cache);
        await skynet.await(until(() => server.clients() === 0));
        return results;
      });
      expect(seen).toEqual([250, 'ERR_CACHE']);
    },
  );
});

import { startTestNode } from '@skynet/core/testing';
import { connect } from '@skynet/redis';
import { Redis } from 'ioredis';
import { redisMissing, startRedis } from '../../../test/redis.ts';
import type { BenchCase, Measure } from '../../core/bench/case.ts';

/** Requests that wait at the same time. */
const AT_ONCE = 64;

/** Runs with a server of its own. */
function withServer(work: (port: number, effort: Parameters<Measure>[0]) => Promise<number>): Measure {
  return async (effort) => {
    if (redisMissing !== undefined) throw new Error(redisMissing);
    const server = await startRedis();
    try {
      return [await work(server.port, effort)];
    } finally {
      await server.stop();
    }
  };
}

async function inParts(count: number, part: (size: number) => Promise<unknown>): Promise<void> {
  for (let left = count; left > 0; left -= AT_ONCE) await part(Math.min(left, AT_ONCE));
}

/** The library's own pipelines, put together by hand. */
const pipelines: Measure = withServer(async (port, effort) => {
  const redis = new Redis({ port });
  await redis.set('key', 'value');
  try {
    return await effort.rate(
      (count) =>
        inParts(count, async (size) => {
          const pipeline = redis.pipeline();
          for (let i = 0; i < size; i++) pipeline.get('key');
          await pipeline.exec();
        }),
      AT_ONCE,
    );
  } finally {
    redis.disconnect();
  }
});

/** A command after the other, or 64 that wait at the same time, beside the library with the same. */
export function commandsCase(name: string, atOnce: boolean): BenchCase {
  const rounds =
    (get: () => Promise<unknown>) =>
    async (count: number): Promise<void> => {
      if (!atOnce) for (let i = 0; i < count; i++) await get();
      else await inParts(count, (size) => Promise.all(Array.from({ length: size }, get)));
    };
  return {
    lines: [{ name, unit: 'commands/s' }],
    floors: {
      ioredis: withServer(async (port, effort) => {
        const redis = new Redis({ port });
        await redis.set('key', 'value');
        try {
          return await effort.rate(
            rounds(() => redis.get('key')),
            AT_ONCE,
          );
        } finally {
          redis.disconnect();
        }
      }),
      ...(atOnce ? { pipeline: pipelines } : {}),
    },
    run: withServer(async (port, effort) => {
      const node = await startTestNode();
      try {
        return await node.run(async (skynet) => {
          const db = await connect(skynet, { port });
          await db.set('key', 'value');
          return effort.rate(
            rounds(() => db.get('key')),
            AT_ONCE,
          );
        });
      } finally {
        await node.stop();
      }
    }),
  };
}

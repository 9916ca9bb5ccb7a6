import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type RedisServer, redisMissing, startRedis } from '../../../test/redis.ts';
import { run } from '../rowsref/families/redis.ts';
import type { RowsFile } from '../rowsref/family.ts';

const why = redisMissing === undefined ? '' : ` (left out: ${redisMissing})`;
const vectors = new URL('../../../packages/redis/test/vectors/redis.json', import.meta.url);
const file = JSON.parse(readFileSync(vectors, 'utf8')) as RowsFile;

describe.skipIf(redisMissing !== undefined)(
  `rows of commands that were recorded with the original${why}`,
  () => {
    let server: RedisServer;
    let results: unknown[] = [];

    beforeAll(async () => {
      server = await startRedis();
      results = await run(file, { port: server.port });
    });
    afterAll(() => server?.stop());

    test.each(file.rows.map((row, index) => [String(row['note']), index] as const))('%s', (_, index) => {
      const steps = file.rows[index]?.['steps'] as Record<string, unknown>[];
      const wanted = steps.map(({ ok, err }) => (err === undefined ? { ok } : { err }));
      expect(results[index]).toEqual(wanted);
    });
  },
);

import { readFileSync } from 'node:fs';
import { startTestNode } from '@skynet/core/testing';
import { connect, isBadResult } from '@skynet/mysql';
import { expect, test } from 'vitest';
import { mariadbMissing, startMariaDb } from '../../../../test/mariadb.ts';
import { run } from '../../rowsref/families/mysql.ts';
import type { RowsFile } from '../../rowsref/family.ts';

interface Step {
  readonly result?: unknown;
  readonly also?: readonly unknown[];
}

interface Row {
  readonly note: string;
  readonly steps: readonly Step[];
}

const file = JSON.parse(readFileSync(new URL('./mysql.json', import.meta.url), 'utf8')) as RowsFile;
const all = file.rows as unknown as readonly Row[];

/** The recorder wrote text beyond the basic plane in another encoding than UTF-8, as two surrogates. */
const RECORDED_WRONG = ['utf8mb4 emoji'];
const TEXTS = ['err', 'message'].map((key) => Buffer.from(key).toString('hex'));

/** A typed value as something that compares: tables without order, numbers by value, errors without their texts. */
function comparable(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(comparable);
  if (typeof value !== 'object' || value === null) return value;
  const { i, d, t, err } = value as {
    i?: string;
    d?: string;
    t?: { a: unknown[]; h: [unknown, unknown][] };
    err?: string;
  };
  if (i !== undefined)
    return `number ${Number(i)} ${BigInt.asIntN(64, BigInt(i)) === BigInt(i) ? i : ''}`.trim();
  if (d !== undefined) {
    const number = Buffer.from(d, 'hex').readDoubleBE();
    return Number.isSafeInteger(number) ? `number ${number} ${number}` : `number ${number}`;
  }
  if (err !== undefined) return 'error';
  if (t === undefined) return value;
  const pairs = [...t.a.map((item, n) => [{ i: String(n + 1) }, item]), ...t.h];
  return pairs
    .filter(([key]) => !TEXTS.includes(String((key as { s?: string }).s)))
    .map(([key, item]) => JSON.stringify([comparable(key), comparable(item)]))
    .sort();
}

test.skipIf(mariadbMissing !== undefined)(
  `golden rows of MySQL, against a real MariaDB${mariadbMissing === undefined ? '' : ` (left out: ${mariadbMissing})`}`,
  async () => {
    const maria = await startMariaDb();
    try {
      await using node = await startTestNode();
      await node.run(async (skynet) => {
        const db = await connect(skynet, { port: maria.port, database: 'lab' });
        expect(isBadResult(await db.query(String(file['setup'])))).toBe(false);
      });
      const results = (await run(file, { port: maria.port })) as unknown[][];
      const rows = all.filter(({ note }) => !RECORDED_WRONG.includes(note));
      expect(rows.length).toBeGreaterThan(35);
      for (const row of rows) {
        const got = results[all.indexOf(row)] ?? [];
        row.steps.forEach(({ result, also = [] }, n) => {
          const wanted = [result, ...also].map((each) => JSON.stringify(comparable(each)));
          expect(wanted, `${row.note}, step ${n + 1}`).toContain(JSON.stringify(comparable(got[n])));
        });
      }
    } finally {
      await maria.stop();
    }
  },
  120_000,
);

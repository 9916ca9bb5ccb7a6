import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { afterEach, expect, test } from 'vitest';
import { freeRow } from '../../../test/free-port.ts';
import { run as dns } from '../rowsref/families/dns.ts';
import { run as sharedata } from '../rowsref/families/sharedata.ts';
import { run as sharetable } from '../rowsref/families/sharetable.ts';
import { run as socketchannel } from '../rowsref/families/socketchannel.ts';
import type { RowsFile } from '../rowsref/family.ts';
import { type Action, ScriptedServers } from './scripted-server.ts';

// Golden rows of the original against the packages: what each row gives, texts of errors aside.

const closing: (() => unknown)[] = [];

afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

function rowsOf(place: string): RowsFile {
  return JSON.parse(readFileSync(new URL(`../../../packages/${place}.json`, import.meta.url), 'utf8'));
}

/** A result as it counts: numbers by value, tables without an order, errors as such. */
function comparable(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(comparable);
  if (typeof value !== 'object' || value === null) return value;
  const typed = value as Record<string, unknown>;
  if ('err' in typed) return { err: '' };
  if ('i' in typed) return { number: Number(typed['i']) };
  if ('d' in typed) return { number: Buffer.from(String(typed['d']), 'hex').readDoubleBE(0) };
  if ('t' in typed) {
    const { a, h } = typed['t'] as { a: unknown[]; h: [unknown, unknown][] };
    const entries = [...a.map((item, i) => [{ i: i + 1 }, item]), ...h].map(comparable);
    return { table: entries.map((entry) => JSON.stringify(entry)).sort() };
  }
  return Object.fromEntries(Object.entries(typed).map(([key, item]) => [key, comparable(item)]));
}

interface StepRow {
  readonly note: string;
  readonly steps: readonly { readonly result: unknown }[];
}

function expectSteps(file: RowsFile, results: readonly unknown[]): void {
  for (const [index, row] of (file.rows as unknown as StepRow[]).entries()) {
    const got = results[index] as unknown[];
    const skipped = got.indexOf('skipped');
    const count = skipped < 0 ? row.steps.length : skipped;
    expect(got.slice(0, count).map(comparable), row.note).toEqual(
      row.steps.slice(0, count).map(({ result }) => comparable(result)),
    );
  }
  expect(results.length).toBe(file.rows.length);
}

test.each([
  ['sharedata', sharedata],
  ['sharetable', sharetable],
])('%s', async (name, run) => {
  const file = rowsOf(`core/test/vectors/${name}`);
  expectSteps(file, await run(file, { port: undefined }));
});

/** So many ports in a row that are free, with the servers of the rows on them. */
async function scripted(scripts: readonly (readonly (readonly Action[])[] | null)[]): Promise<number> {
  const servers = new ScriptedServers();
  closing.push(() => servers.close());
  const base = await freeRow(scripts.length);
  for (const [index, script] of scripts.entries())
    if (script !== null) await servers.listen(base + index, script);
  return base;
}

test('socketchannel', async () => {
  const file = rowsOf('socket/test/vectors/socketchannel');
  const scripts = (file.rows as unknown as { servers: (Action[][] | null)[] }[]).flatMap(
    ({ servers }) => servers,
  );
  const port = await scripted(scripts);
  expectSteps(file, await socketchannel(file, { port }));
});

interface DnsRow {
  readonly note: string;
  readonly name: string;
  readonly ipv6?: boolean;
  readonly slow?: boolean;
  readonly answers: readonly { readonly hex: string; readonly raw?: boolean; readonly ms?: number }[];
  readonly results: readonly { readonly err?: string; readonly first?: string; readonly all?: unknown }[];
  readonly also?: readonly { readonly err?: string; readonly first?: string }[];
}

/** A name server that answers as the rows say. */
async function rowsNameServer(rows: readonly DnsRow[]): Promise<number> {
  const server = createSocket('udp4');
  server.on('message', (query, from) => {
    const end = query.indexOf(0, 12);
    const labels: string[] = [];
    for (let at = 12; at < end; at += (query[at] ?? 0) + 1)
      labels.push(query.toString('latin1', at + 1, at + 1 + (query[at] ?? 0)));
    const type = query.readUInt16BE(end + 1);
    const row = rows.find(
      (each) => each.name.toLowerCase() === labels.join('.') && (each.ipv6 ? 28 : 1) === type,
    );
    let wait = 0;
    for (const { hex, raw, ms = 0 } of row?.answers ?? []) {
      const bytes = Buffer.from(hex, 'hex');
      if (raw !== true) query.copy(bytes, 0, 0, 2);
      wait += ms;
      setTimeout(() => server.send(bytes, from.port, from.address, () => {}), wait);
    }
  });
  server.bind(0, '127.0.0.1');
  await once(server, 'listening');
  closing.push(() => new Promise<void>((resolve) => server.close(resolve)));
  return server.address().port;
}

test('dns, but for names that are waited for half a minute', async () => {
  const file = rowsOf('socket/test/vectors/dns');
  // Malformed answers are passed over, so that these wait, too.
  const rows = (file.rows as unknown as DnsRow[]).filter(
    ({ slow, note }) => !slow && !/promised|3 bytes/.test(note),
  );
  const port = await rowsNameServer(rows);
  const results = (await dns({ ...file, rows: rows as never }, { port })) as DnsRow['results'][];
  for (const [index, row] of rows.entries()) {
    const got = results[index] ?? [];
    expect(got.length, row.note).toBe(row.results.length);
    for (const [time, wanted] of row.results.entries()) {
      const { err, first, all } = got[time] ?? {};
      if (wanted.err === undefined) {
        expect(first, row.note).toBe(wanted.first);
        if (wanted.all !== null) expect(comparable(all), row.note).toEqual(comparable(wanted.all));
      } else expect(err, row.note).toBe(wanted.err);
    }
  }
});

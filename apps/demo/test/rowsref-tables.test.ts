import { describe, expect, test } from 'vitest';
import { run as sharedata } from '../rowsref/families/sharedata.ts';
import { run as sharetable } from '../rowsref/families/sharetable.ts';
import type { Family } from '../rowsref/family.ts';
import { fromTyped, toTyped } from '../rowsref/lua-table.ts';
import { bytesOf, type Typed, typedBytes } from '../rowsref/typed.ts';

const s = (text: string): Typed => ({ s: Buffer.from(text, 'latin1').toString('hex') });
const i = (value: number): Typed => ({ i: String(value) });

async function rows(family: Family, steps: readonly object[]): Promise<unknown[]> {
  const [results] = await family({ family: '', rows: [{ steps }] }, { port: undefined });
  return results as unknown[];
}

describe('values of rows', () => {
  test.each<[string, Typed]>([
    ['a list', { t: { a: [i(1), s('x'), true], h: [] } }],
    ['an object', { t: { a: [], h: [[s('a'), { d: '3ff8000000000000', v: '1.5' }]] } }],
    ['keys that mean something', { t: { a: [], h: [[s('__proto__'), i(1)]] } }],
    ['bytes', s('\xff\0')],
    ['nothing', null],
  ])('%s there and back', (_what, typed) => {
    expect(toTyped(fromTyped(typed))).toEqual(typed);
  });

  test('a mixed table is a Map with keys from 1 on', () => {
    expect(fromTyped({ t: { a: [s('one')], h: [[s('k'), i(2)]] } })).toEqual(
      new Map<unknown, unknown>([
        [1, 'one'],
        ['k', 2],
      ]),
    );
  });

  test('long bytes are digests; patterns are made', () => {
    const bytes = bytesOf({
      cat: [
        { fill: 3, len: 300 },
        { fill: 3, off: 300, len: 300 },
      ],
    });
    expect(bytes).toEqual(bytesOf({ fill: 3, len: 600 }));
    expect(typedBytes(bytes)).toMatchObject({ s: { len: 600, head: bytes.subarray(0, 64).toString('hex') } });
  });
});

test('sharedata: steps by name, lists from 1, refusals as results', async () => {
  const value: Typed = { t: { a: [], h: [[s('list'), { t: { a: [i(5), i(6)], h: [] } }]] } };
  const list = [s('list')];
  const got = await rows(sharedata, [
    { op: 'new', name: 'd', value },
    { op: 'new', name: 'd', value },
    { op: 'query', name: 'd' },
    { op: 'get', of: 'd', path: [...list, i(2)] },
    { op: 'get', of: 'd', path: [...list, i(2), s('x')] },
    { op: 'len', of: 'd', path: list },
    { op: 'ipairs', of: 'd', path: list },
    { op: 'set', of: 'd', path: list, key: i(1), value: i(0) },
    { op: 'keep', from: 'd', path: list, as: 'kept' },
    { op: 'keep', from: 'd', path: list, as: 'again' },
    { op: 'same', a: 'kept', b: 'again' },
    { op: 'deepcopy', name: 'd', path: [...list, i(1)] },
    { op: 'update', name: 'd', value: { t: { a: [], h: [[s('x'), i(1)]] } } },
    { op: 'len', of: 'kept', path: [] },
    { op: 'delete', name: 'd' },
    { op: 'query', name: 'd' },
    { op: 'newtext', name: 'e', text: 'a = 1' },
    { op: 'nonsense' },
  ]);
  const err = { err: expect.any(String) };
  expect(got).toEqual([
    { ok: [] },
    err,
    { ok: [true] },
    { ok: [i(6)] },
    err,
    { ok: [i(2)] },
    { ok: [{ t: { a: [i(5), i(6)], h: [] } }] },
    { err: 'Error newindex, the key [.list]' },
    { ok: [true] },
    { ok: [true] },
    { ok: [true] },
    { ok: [i(5)] },
    { ok: [] },
    { err: "The key [.list] doesn't exist after update" },
    { ok: [] },
    err,
    'skipped',
    { err: 'there is no step nonsense' },
  ]);
});

test('sharetable: what was asked for stays until it is moved', async () => {
  const value = (v: number): Typed => ({ t: { a: [], h: [[s('v'), i(v)]] } });
  const got = await rows(sharetable, [
    { op: 'tquery', name: 't' },
    { op: 'loadtable', name: 't', value: value(1) },
    { op: 'tquery', name: 't', as: 'old' },
    { op: 'loadtable', name: 't', value: value(2) },
    { op: 'tquery', name: 't', as: 'new' },
    { op: 'get', of: 'old', path: [s('v')] },
    { op: 'get', of: 'new', path: [s('v')] },
    { op: 'tupdate', name: 't' },
    { op: 'get', of: 'old', path: [s('v')] },
  ]);
  expect(got).toEqual([
    { ok: [null] },
    { ok: [] },
    { ok: [true] },
    { ok: [] },
    { ok: [true] },
    { ok: [i(1)] },
    { ok: [i(2)] },
    { ok: [] },
    { ok: [i(2)] },
  ]);
});

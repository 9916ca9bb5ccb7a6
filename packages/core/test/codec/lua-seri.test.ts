import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { packSeri, seriSize, unpackSeri } from '../../src/codec/lua-seri.ts';
import { LuaFloat } from '../../src/codec/seri-format.ts';
import { isSkynetError, type SkynetError } from '../../src/errors.ts';
import { expectSame, nested, refusalOf } from './values.ts';

type Bytes =
  | string
  | { fill: number; len: number }
  | { len: number; sha1: string; head: string; tail: string };

type Typed =
  | null
  | boolean
  | { i: string }
  | { d: string }
  | { s: Bytes }
  | { t: { a: Typed[]; h: [Typed, Typed][] } }
  | { p: string };

interface Row {
  fn: 'pack' | 'unpack';
  note: string;
  args?: Typed[];
  zeros?: number;
  in?: string[];
  out?: Bytes;
  vals?: Typed[];
  err?: string;
}

const { rows } = JSON.parse(readFileSync(new URL('../vectors/seri.json', import.meta.url), 'utf8')) as {
  rows: Row[];
};
const named = rows.map((row, i): [string, Row] => [`${i}: ${row.note}`, row]);

function bytesOf(bytes: Bytes): Buffer {
  if (typeof bytes === 'string') return Buffer.from(bytes, 'hex');
  if (!('fill' in bytes)) throw new Error('a digest is no input');
  return Buffer.from(
    Array.from({ length: bytes.len }, (_, i) => ((bytes.fill + i * 31) & 255) ^ ((i >> 8) & 255)),
  );
}

/** What to pack for a Lua value, so that the bytes come out the same. */
function ours(typed: Typed): unknown {
  if (typed === null) return undefined;
  if (typeof typed === 'boolean') return typed;
  if ('i' in typed) return BigInt(typed.i);
  if ('d' in typed) return new LuaFloat(Buffer.from(typed.d, 'hex').readDoubleBE());
  if ('s' in typed) return bytesOf(typed.s);
  if ('p' in typed) throw new Error('pointers are not packed');
  const { a, h } = typed.t;
  if (h.length === 0) return a.map(ours);
  return new Map<unknown, unknown>([
    ...a.map((item, i): [unknown, unknown] => [i + 1, ours(item)]),
    ...h.map(([key, item]): [unknown, unknown] => [ours(key), ours(item)]),
  ]);
}

/** What unpacking in the exact way gives for it. */
function unpacked(typed: Typed, isKey = false): unknown {
  if (typed === null || typeof typed === 'boolean') return typed ?? undefined;
  if ('i' in typed) return Number.isSafeInteger(Number(typed.i)) ? Number(typed.i) : BigInt(typed.i);
  if ('d' in typed) {
    const value = Buffer.from(typed.d, 'hex').readDoubleBE();
    return Number.isSafeInteger(value) && !Object.is(value, -0) && !isKey ? new LuaFloat(value) : value;
  }
  if ('s' in typed) return isKey ? bytesOf(typed.s).toString() : bytesOf(typed.s);
  if ('p' in typed) throw new Error('pointers are not unpacked');
  const { a, h } = typed.t;
  if (h.length === 0) return a.map((item) => unpacked(item));
  const pairs = h.map(([key, item]): [unknown, unknown] => [unpacked(key, true), unpacked(item)]);
  if (a.length === 0 && pairs.every(([key]) => typeof key === 'string')) return Object.fromEntries(pairs);
  return new Map<unknown, unknown>([
    ...a.map((item, i): [unknown, unknown] => [i + 1, unpacked(item)]),
    ...pairs,
  ]);
}

function expectBytes(actual: Uint8Array, expected: Bytes): void {
  const buffer = Buffer.from(actual);
  if (typeof expected === 'string') {
    expect(buffer.toString('hex')).toBe(expected);
    return;
  }
  if (!('sha1' in expected)) throw new Error('not a result');
  expect(buffer.length).toBe(expected.len);
  expect(buffer.subarray(0, 64).toString('hex')).toBe(expected.head);
  expect(buffer.subarray(-64).toString('hex')).toBe(expected.tail);
  expect(createHash('sha1').update(buffer).digest('hex')).toBe(expected.sha1);
}

function malformed(bytes: Uint8Array): SkynetError {
  try {
    unpackSeri(bytes);
  } catch (thrown) {
    if (isSkynetError(thrown, 'ERR_SERI_MALFORMED')) return thrown;
    throw thrown;
  }
  throw new Error('was taken');
}

function hex(text: string): Buffer {
  return Buffer.from(text, 'hex');
}

describe('lua-seri against the original', () => {
  it.each(named.filter(([, row]) => row.fn === 'pack' && row.err === undefined))(
    'packs and unpacks %s',
    (_, row) => {
      const args = row.args ?? [{ t: { a: new Array<Typed>(row.zeros ?? 0).fill({ i: '0' }), h: [] } }];
      const values = args.map(ours);
      const packed = packSeri(values);
      expectBytes(packed, row.out as Bytes);
      expect(seriSize(values)).toBe(packed.length);
      expectSame(
        unpackSeri(packed, 0, { strings: 'bytes', floats: 'exact' }),
        args.map((arg) => unpacked(arg)),
      );
    },
  );

  it.each(named.filter(([, row]) => row.fn === 'pack' && row.err !== undefined))(
    'refuses to pack %s',
    (_, row) => {
      expect(refusalOf(() => packSeri((row.args as Typed[]).map(ours))).type).toBe('nested too deeply');
    },
  );

  it.each(named.filter(([, row]) => row.vals !== undefined && !JSON.stringify(row.vals).includes('"p"')))(
    'unpacks %s',
    (_, row) => {
      const values = unpackSeri(hex(row.in?.[0] as string), 0, { strings: 'bytes', floats: 'exact' });
      expectSame(
        values,
        (row.vals as Typed[]).map((value) => unpacked(value)),
      );
    },
  );

  it.each(named.filter(([, row]) => row.fn === 'unpack' && row.err !== undefined))(
    'does not unpack %s',
    (_, row) => {
      const error = malformed(hex(row.in?.[0] as string));
      expect(error.message).toContain(row.err);
      expect(`Invalid serialize stream ${error.details?.['remaining']}`).toBe(row.err);
    },
  );

  it('has rows of every kind', () => {
    expect(named.filter(([, row]) => row.fn === 'pack').length).toBeGreaterThan(90);
    expect(named.filter(([, row]) => row.fn === 'unpack').length).toBeGreaterThan(30);
  });
});

describe('packSeri', () => {
  it('packs safe integers as integers and other numbers as floats', () => {
    expect(Buffer.from(packSeri([1, -0, 2 ** 53, Number.MAX_SAFE_INTEGER])).toString('hex')).toBe(
      ['0a01', '420000000000000080', '420000000000004043', '32ffffffffffff1f00'].join(''),
    );
  });

  it('packs null like undefined and leaves pairs without value out', () => {
    expectSame(
      unpackSeri(packSeri([null, undefined, { a: null, b: 1, c: undefined }, new Map([[2, null]])])),
      [undefined, undefined, { b: 1 }, []],
    );
  });

  it('counts the nils of an array', () => {
    expectSame(unpackSeri(packSeri([[1, null, 3, undefined]])), [[1, undefined, 3, undefined]]);
  });

  it('gives a map an array part for what stands at 1, 2, 3 …', () => {
    const map = new Map<unknown, unknown>([
      ['n', 3],
      [2, 'b'],
      [1, 'a'],
      [4, 'd'],
    ]);
    expect(Buffer.from(packSeri([map])).toString('hex')).toBe('160c610c620c6e0a030a040c6400');
  });

  it('refuses what Lua has no place for, with the path', () => {
    const refused: [value: unknown, path: string, type: string][] = [
      [{ n: [2n ** 63n] }, '$[0].n[0]', 'bigint beyond 64 bits'],
      [['ok', 'a\ud800'], '$[0][1]', 'text with a lone surrogate'],
      [{ 'a\ud800': 1 }, '$[0]["a\\ud800"]', 'key: text with a lone surrogate'],
      [new Map([[Number.NaN, 1]]), '$[0].key(0)', 'NaN as key'],
      [new Map([[null, 1]]), '$[0].key(0)', 'null as key'],
    ];
    for (const [value, path, type] of refused) {
      expect(refusalOf(() => packSeri([value]))).toEqual({ path, type });
      expect(seriSize([value])).toBe(0);
    }
  });

  it('takes 33 tables in each other if the innermost is empty', () => {
    expectSame(unpackSeri(packSeri([nested(32)])), [nested(32)]);
    expect(refusalOf(() => packSeri([nested(33)])).type).toBe('nested too deeply');
    let value: unknown = 1;
    for (let i = 0; i < 32; i++) value = { d: value };
    expectSame(unpackSeri(packSeri([value])), [value]);
    expect(refusalOf(() => packSeri([{ d: value }])).type).toBe('nested too deeply');
    expect(refusalOf(() => packSeri([[null, value]])).type).toBe('nested too deeply');
  });

  it('can be called by a getter of a value being packed, and packs more than its memory', () => {
    const inner = 'x'.repeat(100_000);
    const value = {
      get size(): number {
        return seriSize([inner]);
      },
      inner,
    };
    expectSame(unpackSeri(packSeri([value, value])), [
      { size: 100_005, inner },
      { size: 100_005, inner },
    ]);
  });
});

describe('unpackSeri', () => {
  it('reads strings as text, or as a Buffer when they are not UTF-8', () => {
    const bytes = Buffer.concat([hex('2cff6c6c6f6f'), packSeri(['中文', 'plain', 'é'.repeat(100)])]);
    expectSame(unpackSeri(bytes), [hex('ff6c6c6f6f'), '中文', 'plain', 'é'.repeat(100)]);
    expectSame(unpackSeri(packSeri(['\ufeffmark'])), ['\ufeffmark']);
  });

  it('reads a table with a key that is not UTF-8 as a map', () => {
    expectSame(unpackSeri(hex('060c610a010cff0a0200')), [
      new Map<unknown, unknown>([
        ['a', 1],
        [hex('ff'), 2],
      ]),
    ]);
  });

  it('reads the key 1 and the key "1" as different keys', () => {
    expectSame(unpackSeri(hex('060a000a050c310a0600')), [
      new Map<unknown, unknown>([
        [0, 5],
        ['1', 6],
      ]),
    ]);
    expectSame(unpackSeri(hex('060c310a0600')), [{ 1: 6 }]);
  });

  it('reads floats without fraction as numbers, or exactly', () => {
    const bytes = packSeri([new LuaFloat(3), 1.5]);
    expectSame(unpackSeri(bytes), [3, 1.5]);
    expectSame(unpackSeri(bytes, 0, { floats: 'exact' }), [new LuaFloat(3), 1.5]);
  });

  it('begins at the offset', () => {
    expectSame(unpackSeri(packSeri([1, 'x']), 2), ['x']);
    expectSame(unpackSeri(packSeri([1]), 2), []);
  });

  it('shares nothing with the bytes it reads', () => {
    const bytes = Buffer.from('0cff', 'hex');
    const [part] = unpackSeri(bytes);
    bytes[1] = 0;
    expectSame(part, hex('ff'));
  });

  it('refuses pointers', () => {
    expect(malformed(hex('03edbbafd1b5ed0b9c')).message).toContain('pointer');
  });

  it('refuses lengths nobody has sent, without setting memory aside', () => {
    expect(malformed(hex('fe22ffffff7f00')).details?.['remaining']).toBe(1);
    expect(malformed(hex('fe22ffffffff00')).details?.['remaining']).toBe(1);
    expect(malformed(hex('25ffffffff00')).details?.['remaining']).toBe(1);
  });

  it('refuses tables nested deeper than pack makes them', () => {
    expect(malformed(Buffer.alloc(100_000, 0x0e)).message).toContain('nested too deeply');
  });

  it('either reads any bytes or refuses them with its code, whatever they are', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
        try {
          expect(Array.isArray(unpackSeri(bytes))).toBe(true);
        } catch (thrown) {
          expect(isSkynetError(thrown, 'ERR_SERI_MALFORMED')).toBe(true);
        }
      }),
      { numRuns: 2000 },
    );
  });
});

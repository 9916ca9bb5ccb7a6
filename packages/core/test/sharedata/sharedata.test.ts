import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { type CommandsOf, defineService, type Skynet } from '@skynet/core';
import { createDatasheet } from '@skynet/core/datasheet';
import { createShareData } from '@skynet/core/sharedata';
import { createShareTable } from '@skynet/core/sharetable';
import { createStm } from '@skynet/core/stm';
import { startTestNode, type TestNode } from '@skynet/core/testing';
import { describe, expect, onTestFinished, test } from 'vitest';
import type keeper from '../fixtures/sharedata/keeper.ts';

const code = (expected: string) => expect.objectContaining({ code: expected });

const start = (thread = 1): Promise<TestNode> =>
  startTestNode(
    { thread, services: ['./sharedata/?'] },
    { base: fileURLToPath(new URL('../fixtures', import.meta.url)), after: onTestFinished },
  );

/** Runs `work` in a service of a node with one thread. */
async function inService(work: (skynet: Skynet) => Promise<void>): Promise<void> {
  const node = await start();
  await node.run(work);
}

const keeperIn = async (skynet: Skynet, thread: number) =>
  skynet.proxy(await skynet.newService<CommandsOf<typeof keeper>>({ name: 'keeper', thread }));

describe('shared data', () => {
  test('a live view shows what an update brought, and tells of parts that are gone', () =>
    inService(async (skynet) => {
      const sharedata = createShareData(skynet);
      await sharedata.new('items', { a: 1, b: { c: { d: 1 } }, list: [1] });
      const items = await sharedata.query<{ a: number; b?: { c: { d: number } }; list: unknown }>('items');
      const { list } = items;
      const inner = items.b?.c;
      expect(await sharedata.query('items')).toBe(items);
      await sharedata.update('items', { a: 2, list: { now: 'an object' } });
      expect(items.a).toBe(2);
      expect(items.b).toBeUndefined();
      expect(() => inner?.d).toThrow(code('ERR_SHAREDATA_GONE'));
      expect(() => inner?.d).toThrow("The key [.b.c] doesn't exist after update");
      expect(() => (list as unknown[]).length).toThrow(code('ERR_SHAREDATA_GONE'));
      expect(items.list).toEqual({ now: 'an object' });
      await sharedata.update('items', { a: 3, b: { c: { d: 7 } }, list: [] });
      expect(inner?.d).toBe(7);
      expect(items.b?.c).toBe(inner);
    }));

  test('a snapshot stays, its version says which it is', () =>
    inService(async (skynet) => {
      const sharedata = createShareData(skynet);
      await sharedata.new('levels', [1, 2]);
      const before = await sharedata.snapshot<number[]>('levels');
      const version = await sharedata.version('levels');
      await sharedata.update('levels', [3]);
      expect([...before]).toEqual([1, 2]);
      expect([...(await sharedata.snapshot<number[]>('levels'))]).toEqual([3]);
      expect(await sharedata.version('levels')).toBeGreaterThan(version);
    }));

  test('names: taken, missing, deleted', () =>
    inService(async (skynet) => {
      const sharedata = createShareData(skynet);
      await sharedata.update('made by update', { a: 1 });
      await expect(sharedata.new('made by update', {})).rejects.toThrow(code('ERR_SHAREDATA_EXISTS'));
      const view = await sharedata.query<{ a: number }>('made by update');
      await sharedata.delete('made by update');
      expect(view.a).toBe(1);
      await expect(sharedata.query('made by update')).rejects.toThrow(code('ERR_SHAREDATA_MISSING'));
      await expect(sharedata.snapshot('nobody')).rejects.toThrow(code('ERR_SHAREDATA_MISSING'));
      await expect(sharedata.version('nobody')).rejects.toThrow(code('ERR_SHAREDATA_MISSING'));
      await expect(sharedata.deepcopy('nobody')).rejects.toThrow(code('ERR_SHAREDATA_MISSING'));
      await expect(sharedata.delete('nobody')).rejects.toThrow(code('ERR_SHAREDATA_MISSING'));
      await expect(sharedata.query(5 as never)).rejects.toThrow(code('ERR_ARGUMENT'));
    }));

  test('several names change in one step or not at all', () =>
    inService(async (skynet) => {
      const sharedata = createShareData(skynet);
      await sharedata.updateAll({ one: { v: 1 }, two: { v: 1 } });
      const one = await sharedata.query<{ v: number }>('one');
      const two = await sharedata.query<{ v: number }>('two');
      const seen: unknown[] = [];
      const stop = sharedata.onUpdate('one', (name) => seen.push([name, one.v, two.v]));
      await sharedata.updateAll({ one: { v: 2 }, two: { v: 2 } });
      await skynet.sleep(0);
      expect(seen).toEqual([['one', 2, 2]]);
      await expect(sharedata.updateAll({ one: { v: 3 }, two: { f: () => 0 } })).rejects.toThrow(
        code('ERR_UNSERIALIZABLE'),
      );
      expect([one.v, two.v]).toEqual([2, 2]);
      stop();
      await sharedata.update('one', { v: 4 });
      await skynet.sleep(0);
      expect(seen).toHaveLength(1);
    }));

  test('keys of a Map are text and whole numbers, also 0 and below; share tables have any', () =>
    inService(async (skynet) => {
      const sharedata = createShareData(skynet);
      const keys = new Map<unknown, string>([
        ['a', 'text'],
        [0, 'nought'],
        [-5, 'below'],
        [2 ** 53, 'large'],
        [2n ** 60n, 'larger'],
      ]);
      await sharedata.new('keys', keys);
      const view = (await sharedata.query('keys')) as unknown as ReadonlyMap<unknown, string>;
      for (const [key, value] of keys) expect(view.get(key)).toBe(value);
      const sharetable = createShareTable(skynet);
      await sharetable.loadTable(
        'any',
        new Map<unknown, string>([
          [1.5, 'part'],
          [true, 'yes'],
        ]),
      );
      const table = (await sharetable.query('any')) as unknown as ReadonlyMap<unknown, string>;
      expect([table.get(1.5), table.get(true)]).toEqual(['part', 'yes']);
    }));

  test('deepcopy gives ordinary values, whole or in part', () =>
    inService(async (skynet) => {
      const sharedata = createShareData(skynet);
      const data = { a: { b: [1, 2, { c: 3 }] }, s: 'x', map: new Map([[5, 'five']]) };
      await sharedata.new('data', data);
      expect(await sharedata.deepcopy('data')).toStrictEqual(data);
      expect(await sharedata.deepcopy('data', 'a', 'b')).toStrictEqual([1, 2, { c: 3 }]);
      expect(await sharedata.deepcopy('data', 'a', 'b', 2, 'c')).toBe(3);
      expect(await sharedata.deepcopy('data', 'map', 5)).toBe('five');
      expect(await sharedata.deepcopy('data', 'nobody', 'at all')).toBeUndefined();
      expect(await sharedata.deepcopy('data', 's', 'through text')).toBeUndefined();
    }));

  test('a view can be sent, as what it shows', () =>
    inService(async (skynet) => {
      const sharedata = createShareData(skynet);
      await sharedata.new('data', { list: [{ a: 1 }], map: new Map([['k', [2]]]) });
      const echo = await skynet.newService(defineService(() => ({ echo: (value: unknown) => value })));
      const view = await sharedata.query('data');
      expect(await skynet.call(echo, 'lua', 'echo', view)).toEqual({
        list: [{ a: 1 }],
        map: new Map([['k', [2]]]),
      });
    }));
});

describe('text and files', () => {
  test.each<[string, string, unknown[], unknown]>([
    ['JSON', '{"a": [1, 2]}', [], { a: [1, 2] }],
    ['JSON5', "{ a: 0x10, 'b': [1, 2,], /* c */ }", [], { a: 16, b: [1, 2] }],
    ['an expression', '({ n: args[0] * 2 })', [21], { n: 42 }],
    ['statements that return', 'const n = args[0]; return { n };', [7], { n: 7 }],
    ['global names', 'a = 1; b = { c: 2 }; const hidden = 3;', [], { a: 1, b: { c: 2 } }],
    ['a map', 'new Map([[1, "one"]])', [], new Map([[1, 'one']])],
  ])('%s', (_what, text, args, expected) =>
    inService(async (skynet) => {
      const sharedata = createShareData(skynet);
      await sharedata.new('text', text, ...args);
      expect(await sharedata.deepcopy('text')).toStrictEqual(expected);
    }),
  );

  test.each([
    ['{', 'ERR_SHAREDATA_LOAD'],
    ['return 5', 'ERR_SHAREDATA_VALUE'],
    ["throw new Error('asked to fail')", 'ERR_SHAREDATA_LOAD'],
    ['process.exit()', 'ERR_SHAREDATA_LOAD'],
    ['({ f() {} })', 'ERR_UNSERIALIZABLE'],
    ['@/nowhere/at.all', 'ERR_SHAREDATA_LOAD'],
    ['@/nowhere/at.ts', 'ERR_SHAREDATA_LOAD'],
  ])('%s is refused, and the old data stay', (text, expected) =>
    inService(async (skynet) => {
      const sharedata = createShareData(skynet);
      await sharedata.new('text', { old: true });
      await expect(sharedata.update('text', text)).rejects.toThrow(code(expected));
      expect(await sharedata.deepcopy('text')).toEqual({ old: true });
    }),
  );

  test('files: JSON, a module, a module that is a function; an update reads them anew', () =>
    inService(async (skynet) => {
      const folder = await mkdtemp(path.join(os.tmpdir(), 'skynet-sharedata-'));
      onTestFinished(() => rm(folder, { recursive: true }));
      const sharedata = createShareData(skynet);
      const file = async (name: string, text: string): Promise<string> => {
        await writeFile(path.join(folder, name), text);
        return `@${path.join(folder, name)}`;
      };
      await sharedata.new('json', await file('a.json', '{"a":1}'));
      await sharedata.new('module', await file('b.mjs', 'export const levels = [1, 2];'));
      await sharedata.new('function', await file('c.mjs', 'export default (n) => ({ n });'), 5);
      expect(await sharedata.deepcopy('json')).toEqual({ a: 1 });
      expect(await sharedata.deepcopy('module')).toEqual({ levels: [1, 2] });
      expect(await sharedata.deepcopy('function')).toEqual({ n: 5 });
      await sharedata.update('module', await file('b.mjs', 'export default [3];'));
      expect(await sharedata.deepcopy('module')).toEqual([3]);
    }));
});

describe('share tables', () => {
  test('a table stays what it is; a live one moves when it is told', () =>
    inService(async (skynet) => {
      const sharetable = createShareTable(skynet);
      expect(await sharetable.query('t')).toBeUndefined();
      await sharetable.loadTable('t', { v: 1, gone: {} });
      const old = await sharetable.query<{ v: number }>('t');
      const live = await sharetable.live<{ v: number; gone: object }>('t');
      const gone = live?.gone as object;
      expect(await sharetable.query('t')).toBe(old);
      await sharetable.loadString('t', 'return { v: args[0] }', 2);
      expect([old?.v, live?.v, (await sharetable.query<{ v: number }>('t'))?.v]).toEqual([1, 1, 2]);
      await sharetable.update('another');
      expect(live?.v).toBe(1);
      await sharetable.update('t');
      expect([old?.v, live?.v]).toEqual([1, 2]);
      expect(() => Object.keys(gone)).toThrow(code('ERR_SHAREDATA_GONE'));
      await expect(sharetable.loadString('t', 'return {')).rejects.toMatchObject({
        code: 'ERR_SHAREDATA_LOAD',
        message: 'cannot load shared data from t: Unexpected end of input',
      });
      await expect(sharetable.loadTable('t', 5 as never)).rejects.toThrow(code('ERR_SHAREDATA_VALUE'));
      expect((await sharetable.query<{ v: number }>('t'))?.v).toBe(2);
      await sharetable.loadTable('u', [1]);
      expect(Object.keys(await sharetable.queryAll())).toEqual(['t', 'u']);
      expect(Object.keys(await sharetable.queryAll(['u', 'nobody']))).toEqual(['u']);
    }));
});

describe('data sheets', () => {
  test('builder and reader', () =>
    inService(async (skynet) => {
      const datasheet = createDatasheet(skynet);
      await expect(datasheet.query('s')).rejects.toThrow(code('ERR_SHAREDATA_MISSING'));
      await expect(datasheet.builder.update('s', {})).rejects.toThrow(code('ERR_SHAREDATA_MISSING'));
      await datasheet.builder.new('s', { n: 1.1, list: [{ a: 1 }] });
      const sheet = await datasheet.query<{ n: number; list: { a: number }[] }>('s');
      const first = sheet.list[0];
      await expect(datasheet.builder.new('s', {})).rejects.toThrow(code('ERR_SHAREDATA_EXISTS'));
      await datasheet.builder.update('s', { n: 2, list: [{ a: 5 }] });
      expect([sheet.n, first?.a]).toEqual([2, 5]);
    }));

  test('compile gives the bytes of the original', () =>
    inService(async (skynet) => {
      const { compile } = createDatasheet(skynet).builder;
      const value = new Map<unknown, unknown>([
        [1, true],
        ['a', 1],
      ]);
      expect(compile(value).toString('hex')).toBe(
        '2400000001000000000000000100000001000000030100000000000100000000010000006100',
      );
      expect(() => compile({ f: () => 0 })).toThrow(code('ERR_UNSERIALIZABLE'));
      expect(() => compile(new Map([[1.5, 1]]))).toThrow(code('ERR_UNSERIALIZABLE'));
    }));
});

describe('one writer, many readers', () => {
  test('a reader gets what has changed since it last read', () =>
    inService(async (skynet) => {
      const stm = createStm(skynet);
      const writer = await stm.new<number | { n: number }>(1);
      const reader = stm.newCopy<number | { n: number }>(writer.copy());
      expect(await reader.read((value) => value)).toEqual([true, 1]);
      expect(await reader.read((value) => value)).toEqual([false]);
      await writer.update({ n: 2 });
      await writer.update({ n: 3 });
      expect(await reader.read((value) => (value as { n: number }).n)).toEqual([true, 3]);
      await writer.close();
      await writer.close();
      expect(await reader.read((value) => value)).toEqual([false]);
      expect(() => writer.update(1)).toThrow(code('ERR_SHAREDATA_MISSING'));
      expect(() => stm.newCopy({} as never)).toThrow(code('ERR_ARGUMENT'));
    }));
});

describe('over threads', () => {
  test('what one thread has changed another sees that is told of it', async () => {
    const node = await start(3);
    await node.run(async (skynet) => {
      const zero = await keeperIn(skynet, 0);
      const one = await keeperIn(skynet, 1);
      const two = await keeperIn(skynet, 2);
      await one.create('data', { v: 1, big: 'x'.repeat(1_000_000) });
      expect(JSON.parse(await two.read('data')).v).toBe(1);
      await expect(two.create('data', {})).rejects.toThrow(code('ERR_SHAREDATA_EXISTS'));
      await expect(zero.remove('nobody')).rejects.toThrow(code('ERR_SHAREDATA_MISSING'));
      for (let v = 2; v < 200; v++) {
        const [writer, reader] = v % 2 === 0 ? [two, one] : [zero, two];
        await writer.update('data', { v });
        expect(await reader.read('data')).toBe(JSON.stringify({ v }));
      }
      await zero.updateAll({ data: { v: 0 }, other: [1] });
      await two.flush();
      expect(await two.readAgain()).toBe('{"v":0}');
      await one.remove('data');
      expect(await two.readAgain()).toBe('{"v":0}');
      await expect(two.read('data')).rejects.toThrow(code('ERR_SHAREDATA_MISSING'));
      await two.load('table', { t: 1 });
      expect(await one.table('table')).toBe('{"t":1}');
      const writer = await createStm(skynet).new({ n: 1 });
      await one.follow(writer.copy());
      expect(await one.readStm()).toBe('{"n":1}');
      await writer.update({ n: 2 });
      expect(await one.readStm()).toBe('{"n":2}');
    });
  });

  test('a thread that takes the place of a lost one knows what there is', async () => {
    const node = await start(2);
    await node.run(async (skynet) => {
      const first = await keeperIn(skynet, 1);
      await first.create('data', { v: 1 });
      await expect(first.crash()).rejects.toThrow(code('ERR_SERVICE_GONE'));
      const second = await keeperIn(skynet, 1);
      expect(await second.read('data')).toBe('{"v":1}');
      await second.update('data', { v: 2 });
      expect(await createShareData(skynet).deepcopy('data')).toEqual({ v: 2 });
    });
  });
});

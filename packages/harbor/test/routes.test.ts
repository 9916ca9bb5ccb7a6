import { readFileSync } from 'node:fs';
import { isDeepStrictEqual } from 'node:util';
import { defineService, type Handle, isSkynetError, packSeri, unpackSeri } from '@skynet/core';
import { createMulticast } from '@skynet/core/multicast';
import { Happenings, type TestNode } from '@skynet/core/testing';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { runs } from '../../../test/runs.ts';
import { anyValue, expectEqual, expectSame, luaValue, nested } from '../../core/test/codec/values.ts';
import { startPair } from './cluster/nodes.ts';
import { startNetwork } from './harbor/nodes.ts';
import { startMesh } from './mesh/nodes.ts';

/** Sends values to a service that gives them back. */
type Route = (values: readonly unknown[]) => Promise<unknown>;

const viaCall =
  (node: TestNode, echo: Handle): Route =>
  (values) =>
    node.run((skynet) => skynet.call(echo, 'lua', 'echo', ...values));

async function inNode(thread: number): Promise<Route> {
  const [node] = (await startMesh(1, {}, { thread: 2 })) as [TestNode];
  return viaCall(node, await node.run((skynet) => skynet.newService({ name: 'echo', thread })));
}

async function overLink(): Promise<Route> {
  const [one, two] = (await startMesh(2)) as [TestNode, TestNode];
  return viaCall(one, await two.newService('echo'));
}

async function overHarbor(): Promise<Route> {
  const [one, two] = (await startNetwork(2)) as [TestNode, TestNode];
  return viaCall(one, await two.newService('echo'));
}

async function overCluster(): Promise<Route> {
  const [one, two] = await startPair();
  const echo = await two.node.newService('echo');
  await two.run((cluster) => cluster.register('echo', echo));
  return (values) => one.run((cluster) => cluster.call('two', '@echo', 'echo', ...values));
}

/** Publishes values in a channel of `one`; what comes to a subscriber of `two`. `from` publishes. */
async function byChannel(one: TestNode, two: TestNode, from: TestNode = one): Promise<Route> {
  const got = new Happenings<unknown[]>('messages of the channel');
  const id = await one.run(async (skynet) => (await createMulticast(skynet).new()).channel);
  await two.newService(
    defineService((skynet) =>
      createMulticast(skynet)
        .bind(id, { dispatch: (_, __, ...values) => got.add(values) })
        .subscribe(),
    ),
  );
  let count = 0;
  return async (values) => {
    await from.run((skynet) =>
      createMulticast(skynet)
        .bind(id)
        .publish(...values),
    );
    return (await got.count(++count)).at(-1);
  };
}

async function channelInNode(): Promise<Route> {
  const [node] = (await startMesh(1)) as [TestNode];
  return byChannel(node, node);
}

async function channelOverLink(from: number): Promise<Route> {
  const nodes = (await startMesh(2, {}, { thread: 2 })) as [TestNode, TestNode];
  return byChannel(...nodes, nodes[from]);
}

async function channelOverHarbor(): Promise<Route> {
  return byChannel(...((await startNetwork(2)) as [TestNode, TestNode]));
}

const OWN = [
  ['the same thread', () => inNode(0)],
  ['another thread', () => inNode(1)],
  ['our own link', overLink],
  ['a channel of the node', channelInNode],
  ['a channel over our own link', () => channelOverLink(0)],
  ['a channel of another node over our own link', () => channelOverLink(1)],
] as const;
const ORIGINAL = [
  ['harbor', overHarbor],
  ['cluster', overCluster],
  ['a channel over harbor', channelOverHarbor],
] as const;

test.each(OWN)('%s delivers what was sent', async (_, open) => {
  const route = await open();
  await fc.assert(
    fc.asyncProperty(fc.array(anyValue, { maxLength: 4 }), async (values) =>
      expectSame(await route(values), values),
    ),
    { numRuns: runs(100), seed: 20_261_128 },
  );
});

/** Rows of the table in docs/nodes.md: what is sent, and what arrives; nothing where it is refused. */
const ROWS: readonly (readonly [
  row: string,
  sent: readonly unknown[],
  arrives: readonly unknown[] | undefined,
])[] = [
  ['`null`, `undefined`', [null, undefined, { a: null, b: 1 }], [undefined, undefined, { b: 1 }]],
  ['`1.0` of Lua, 1', [1], [1]],
  ['a bigint that a number holds exactly, that number', [5n, 5, 2n ** 60n], [5, 5, 2n ** 60n]],
  ['bytes that are UTF-8, text', [new Uint8Array([0x41]), Buffer.from('é'), 'x'], ['A', 'é', 'x']],
  ['bytes that are not', [new Uint8Array([0xff])], [Buffer.from([0xff])]],
  ['`{}`, `[]`, an empty Map', [{}, [], new Map()], [[], [], []]],
  ['a Map with text for keys', [new Map([['a', 1]])], [{ a: 1 }]],
  [
    'a Map whose keys are 1 to n',
    [
      new Map([
        [1, 'a'],
        [2, 'b'],
      ]),
    ],
    [['a', 'b']],
  ],
  [
    'an object, a Map, with keys in another order',
    [
      new Map<unknown, unknown>([
        ['a', 1],
        [1, 2],
      ]),
    ],
    [
      new Map<unknown, unknown>([
        [1, 2],
        ['a', 1],
      ]),
    ],
  ],
  [
    'half a character, a bigint beyond 64 bits, undefined, null or NaN as a key, more than 32 tables around a value',
    [
      '\ud800',
      2n ** 64n,
      new Map([[undefined, 1]]),
      new Map([[null, 1]]),
      new Map([[Number.NaN, 1]]),
      nested(33),
    ],
    undefined,
  ],
];

test('the table of the docs has these rows, in this order', () => {
  const docs = readFileSync(new URL('../../../docs/nodes.md', import.meta.url), 'utf8');
  const [, table = ''] =
    /cannot tell apart:\n\n\| sent \| arrives \|\n\| --- \| --- \|\n([\s\S]*?)\n\n/.exec(docs) ?? [];
  const rows = table.split('\n').map((line) => line.split(' | ')[0]?.replace(/^\| /, ''));
  expect(rows).toEqual(ROWS.map(([row]) => row));
});

describe.each(ORIGINAL)('the wire of the original: %s', (_, open) => {
  test('does with each kind of value what the table says', async () => {
    const send = await open();
    for (const [row, sent, arrives] of ROWS) {
      if (arrives === undefined)
        for (const value of sent)
          await expect(send([value]), row).rejects.toSatisfy((error: unknown) =>
            isSkynetError(error, 'ERR_UNSERIALIZABLE'),
          );
      else expect(await echoed(send, sent), row).toEqual(arrives);
    }
  });

  test('delivers everything else as it was sent', async () => {
    const send = await open();
    await fc.assert(
      fc.asyncProperty(fc.array(luaValue, { maxLength: 4 }), async (values) => {
        expectEqual(await echoed(send, values), trimmed(values));
      }),
      { numRuns: runs(100), seed: 20_261_128 },
    );
  });

  test('does with any values what lua-seri does, or refuses them', async () => {
    const send = await open();
    await fc.assert(
      fc.asyncProperty(fc.array(anyValue, { maxLength: 3 }), async (values) => {
        let expected: unknown[];
        try {
          expected = unpackSeri(packSeri(unpackSeri(packSeri(values))));
        } catch {
          await expect(send(values)).rejects.toSatisfy((error: unknown) =>
            isSkynetError(error, 'ERR_UNSERIALIZABLE'),
          );
          return;
        }
        expect(isDeepStrictEqual(await echoed(send, values), trimmed(expected))).toBe(true);
      }),
      { numRuns: runs(100), seed: 20_261_128 },
    );
  });
});

/** The service answers with the list of what it got: an empty one comes back as any empty table does. */
async function echoed(send: Route, values: readonly unknown[]): Promise<unknown> {
  return trimmed((await send(values)) as unknown[]);
}

/** Lists end with their last value that is one. */
function trimmed(values: readonly unknown[]): unknown[] {
  const last = values.findLastIndex((value) => value !== undefined);
  return values.slice(0, last + 1);
}

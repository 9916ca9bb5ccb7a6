// What a message costs on each route, beside the ways the platform and other libraries offer:
//
//   node --import tsx --conditions=@skynet/source packages/core/bench/codec.ts
//
// Nanoseconds for one message there and back (encode and decode, or copy), best of seven rounds. "one" sends the same
// shape all the time, "mixed" 64 different ones in turn, "text" Chinese names and long strings, "command" what most
// calls are.
import { deserialize, serialize } from 'node:v8';
import { Encoder } from 'cbor-x';
import { copyArgs } from '../src/codec/copy.ts';
import { LinkDecoder } from '../src/codec/link-decoder.ts';
import { LinkEncoder } from '../src/codec/link-encoder.ts';
import { packSeri, unpackSeri } from '../src/codec/lua-seri.ts';
import { Region } from '../src/codec/region.ts';

const ROUND_MS = 40;
const ROUNDS = 7;

function player(id: number): object {
  return { id, name: 'nengzhong', pos: { x: 1.5, y: 2.5, z: 3.5 }, tags: ['a', 'b', 'c'], hp: 100 };
}

function shape(n: number): object {
  const object: Record<string, unknown> = {};
  for (let i = 0; i < 3 + (n % 5); i++)
    object[`k${n}_${i}`] = [i, `text${i}`, { [`q${n}`]: 1.5, y: 2 }][i % 3];
  return object;
}

const messages: Record<string, unknown[][]> = {
  one: [[player(1)]],
  mixed: Array.from({ length: 64 }, (_, i) => [i % 8 === 0 ? player(i) : shape(i)]),
  text: [
    [
      {
        name: '能中',
        guild: '天下第一',
        motto: '海内存知己，天涯若比邻。'.repeat(4),
        log: 'moved to 12,40; '.repeat(20),
      },
    ],
  ],
  command: [['get', 'player', 10001, true]],
  bytes: [['frame', new Uint8Array(200)]],
};

const region = new Region(new SharedArrayBuffer(1 << 16));
const encoder = new LinkEncoder();
const decoder = new LinkDecoder();
const cbor = new Encoder();
const records = new Encoder({ structures: [] });

const routes: Record<string, (message: unknown[]) => unknown> = {
  copy: (message) => copyArgs([...message]),
  link: (message) => decoder.decode(region, 0, encoder.encode(message, region, 0, region.size)),
  'lua-seri': (message) => unpackSeri(packSeri(message)),
  'cbor-x': (message) => cbor.decode(cbor.encode(message)),
  'cbor-x records': (message) => records.decode(records.encode(message)),
  structuredClone: (message) => structuredClone(message),
  JSON: (message) => JSON.parse(JSON.stringify(message)),
  'v8.serialize': (message) => deserialize(serialize(message)),
};

function measure(route: (message: unknown[]) => unknown, list: readonly unknown[][]): number {
  let best = Number.POSITIVE_INFINITY;
  for (let round = 0; round < ROUNDS; round++) {
    const begin = performance.now();
    let now = begin;
    let count = 0;
    while (now - begin < ROUND_MS) {
      for (let i = 0; i < 256; i++) route(list[i % list.length] as unknown[]);
      count += 256;
      now = performance.now();
    }
    best = Math.min(best, ((now - begin) * 1e6) / count);
  }
  return best;
}

const names = Object.keys(messages);
console.log(['ns per message'.padEnd(18), ...names.map((name) => name.padStart(9))].join(''));
for (const [name, route] of Object.entries(routes)) {
  const figures = names.map((set) =>
    Math.round(measure(route, messages[set] as unknown[][]))
      .toString()
      .padStart(9),
  );
  console.log([name.padEnd(18), ...figures].join(''));
}
console.log(`node ${process.version}, ${process.arch}`);

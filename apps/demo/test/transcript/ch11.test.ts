import { createSocket, type Socket } from 'node:dgram';
import { afterAll, beforeAll } from 'vitest';
import { testChapter } from './book.ts';

/** What the book's name server knew, in the end of an answer: each address a record of the name that was asked for. */
const KNOWN: Readonly<Record<string, readonly string[]>> = {
  'github.com': ['192.30.255.112', '192.30.255.113'],
  'www.baidu.com': ['14.215.177.39'],
};

let server: Socket;

beforeAll(async () => {
  server = createSocket('udp4');
  server.on('message', (query, from) => server.send(answer(query), from.port, from.address));
  await new Promise<void>((resolve) => server.bind(0, '127.0.1.1', resolve));
});

afterAll(() => new Promise<void>((resolve) => server.close(resolve)));

function answer(query: Buffer): Buffer {
  const end = query.indexOf(0, 12);
  const name = query.toString('latin1', 13, end).replace(/[^\w-]/g, '.');
  const addresses = KNOWN[name] ?? [];
  const header = Buffer.from(query.subarray(0, 12));
  header.writeUInt16BE(0x8180, 2);
  header.writeUInt16BE(addresses.length, 6);
  header.writeUInt16BE(0, 10);
  const records = addresses.map((address) =>
    Buffer.from([0xc0, 12, 0, 1, 0, 1, 0, 0, 1, 44, 0, 4, ...address.split('.').map(Number)]),
  );
  return Buffer.concat([header, query.subarray(12, end + 5), ...records]);
}

// Time limits are as long as a user's: the name server is in this process, which may be busy.
testChapter('ch11', () => ({ ports: { 53: server.address().port }, timeScale: 1 }));

import { readFileSync } from 'node:fs';
import { hashkey, hexdecode, hexencode, hmac64, sha1 } from '@skynet/core/crypt';
import { pack } from '@skynet/core/netpack';
import { describe, expect, test } from 'vitest';
import { encodeAnswer } from '../src/answer.ts';
import { userIdBytesOf, usernameOf } from '../src/username.ts';
import { encodeRequest, handshakeText } from '../src/wire.ts';
import { connectClient, type FrameClient, logIn, SLOWER, startTestServer } from './harness.ts';

interface Step {
  readonly op: 'connect' | 'close' | 'send' | 'recv' | 'eof' | 'sleep' | 'admin';
  readonly c?: number;
  readonly data?: unknown;
  readonly ms?: number;
  readonly cmd?: string;
  readonly user?: number;
}

interface Row {
  readonly kind: string;
  readonly name: string;
  readonly uid: string;
  readonly subid: string | number;
  readonly server: string;
  readonly out: string;
  readonly username: string;
  readonly index: string;
  readonly secret: string;
  readonly hashkey: string;
  readonly hmac: string;
  readonly text: string;
  readonly frame: string;
  readonly session: number;
  readonly content: string;
  readonly request: string;
  readonly response: string;
  readonly users: { uid: string; server: string; subid: string; secret: string }[];
  readonly steps: Step[];
}

const { rows } = JSON.parse(readFileSync(new URL('./vectors/msgserver.json', import.meta.url), 'utf8')) as {
  rows: Row[];
};
const ofKind = (kind: string): Row[] => rows.filter((row) => row.kind === kind);

/** The bytes of any of the forms in which vectors write them. */
function bytesOf(form: unknown): Buffer {
  if (typeof form === 'string') return Buffer.from(form, 'hex');
  const { fill, off = 0, len, cat } = form as { fill: number; off?: number; len: number; cat?: unknown[] };
  if (cat !== undefined) return Buffer.concat(cat.map(bytesOf));
  const bytes = Buffer.alloc(len);
  for (let at = 0; at < len; at++) {
    const i = at + off;
    bytes[at] = ((fill + i * 31) & 255) ^ ((i >> 8) & 255);
  }
  return bytes;
}

interface Digest {
  readonly len: number;
  readonly sha1: string;
  readonly head: string;
  readonly tail: string;
}

/** Expects a frame to be what a vector says, as bytes or as a digest of them. */
function expectFrame(frame: Uint8Array | undefined, form: unknown): void {
  const bytes = frame === undefined ? undefined : pack(frame);
  if (typeof form !== 'object' || form === null || !('sha1' in form)) {
    expect(bytes && hexencode(bytes)).toBe(bytesOf(form).toString('hex'));
    return;
  }
  const got = bytes && {
    len: bytes.length,
    sha1: hexencode(sha1(bytes)),
    head: hexencode(bytes.subarray(0, 64)),
    tail: hexencode(bytes.subarray(-64)),
  };
  expect(got satisfies Digest | undefined).toEqual(form);
}

test('login names are made and taken apart as recorded', () => {
  for (const row of ofKind('username')) {
    const subid = typeof row.subid === 'number' ? row.subid : hexdecode(row.subid);
    expect(usernameOf(hexdecode(row.uid), subid, hexdecode(row.server))).toBe(row.out);
  }
  for (const row of ofKind('userid')) {
    const id = userIdBytesOf(row.username);
    expect(id && [id.uid, id.subid, id.servername].map(hexencode)).toEqual([row.uid, row.subid, row.server]);
  }
});

test('handshakes are made as recorded', () => {
  for (const row of ofKind('handshake')) {
    const username = usernameOf(hexdecode(row.uid), row.subid, hexdecode(row.server));
    const secret = hexdecode(row.secret);
    expect(hexencode(hashkey(`${username}:${row.index}`))).toBe(row.hashkey);
    expect(hexencode(hmac64(hexdecode(row.hashkey), secret))).toBe(row.hmac);
    const text = handshakeText(username, Number(row.index), secret);
    expect(text).toBe(row.text);
    expect(hexencode(pack(text))).toBe(row.frame);
  }
});

test('requests and answers are as recorded', async () => {
  const server = await startTestServer();
  const client = await (await logIn(server)).connect(1);
  for (const row of ofKind('exchange')) {
    expect(hexencode(pack(encodeRequest(bytesOf(row.content), row.session)))).toBe(
      bytesOf(row.request).toString('hex'),
    );
    client.socket.write(bytesOf(row.request));
    expectFrame(await client.frame(), row.response);
  }
  expect(hexencode(pack(encodeAnswer(Buffer.from('12345'), 1, 1)))).toBe('000a31323334350100000001');
});

/** The recorded server takes any number of its language as index, ours decimal digits. */
const LUA_INDEX = 'index is a Lua number';

test('an index is decimal digits: 0x10, 16, 16.5, 017', async () => {
  const test = await startTestServer();
  const row = ofKind('sequence').find(({ name }) => name === LUA_INDEX) as Row;
  const [{ uid, subid, server, secret }] = row.users as [Row['users'][0]];
  test.server.login(usernameOf(hexdecode(uid), subid, hexdecode(server)), hexdecode(secret));
  const statuses: (string | undefined)[] = [];
  for (const { data } of row.steps.filter(({ op }) => op === 'send')) {
    const client = await connectClient(test.port);
    client.socket.write(bytesOf(data));
    statuses.push(await client.text());
  }
  expect(statuses).toEqual(['400 Bad Request', '200 OK', '400 Bad Request', '200 OK']);
});

describe('recorded conversations run the same:', () => {
  for (const row of ofKind('sequence').filter(({ name }) => name !== LUA_INDEX)) {
    test(row.name, async () => {
      const test = await startTestServer();
      const names: string[] = [];
      for (const user of row.users) {
        const username = usernameOf(
          hexdecode(user.uid),
          hexdecode(Buffer.from(user.subid).toString('hex')),
          hexdecode(user.server),
        );
        names.push(username);
        test.server.login(username, hexdecode(user.secret));
      }
      const clients = new Map<number, FrameClient>();
      for (const { op, c = 0, data, ms = 0, cmd, user = 0 } of row.steps) {
        const client = clients.get(c);
        if (op === 'connect') clients.set(c, await connectClient(test.port));
        else if (op === 'send') client?.socket.write(bytesOf(data));
        else if (op === 'recv') expectFrame(await client?.frame(), data);
        else if (op === 'eof') expect(await client?.frame()).toBeUndefined();
        else if (op === 'close') client?.socket.end();
        else if (op === 'sleep') {
          // Pauses stand in what was recorded; the longer ones wait for a handler.
          const wait = ms < 100 ? ms : ms * SLOWER;
          await new Promise((resolve) => setTimeout(resolve, wait));
        } else if (cmd === 'logout' || cmd === 'kick') test.server.logout(names[user] as string);
      }
    });
  }
});

// Writes down what authors of clients compare with, docs/protocol-vectors.jsonl, and checks that it stands there:
// `SKYNET_WRITE_VECTORS=1 npm run test:only -- packages/player/test/protocol` writes it anew.
import {
  createCipheriv,
  createHash,
  createPrivateKey,
  createPublicKey,
  diffieHellman,
  hkdfSync,
} from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { base64encode, desencode, dhexchange, dhsecret, hashkey, hmac64, hmacHash } from '@skynet/core/crypt';
import { pack } from '@skynet/core/netpack';
import { randomFrom } from '@skynet/core/testing';
import { classicSuite, tokenOf } from '@skynet/msgserver/client';
import { describe, expect, test } from 'vitest';
import { encodeAnswer as encodeAnswerFrame } from '../../msgserver/src/answer.ts';
import {
  encodeAck,
  encodeRequest as encodeRequestFrame,
  handshakeText,
  RESULT,
} from '../../msgserver/src/wire.ts';
import { objection } from '../src/cbor-scan.ts';
import {
  decodeBody,
  encodeAnswer,
  encodeClosing,
  encodeKick,
  encodePush,
  encodeRefusal,
  encodeRequest,
} from '../src/wire.ts';

const FILE = new URL('../../../docs/protocol-vectors.jsonl', import.meta.url);
const PEOPLE = ['hello', 'anna', 'nengzhong', '用户', 'Ünal', 'a'];
const WORDS = ['', 'x', 'hello world', '你好', 'x'.repeat(70)];

type Row = { readonly [key: string]: unknown };

/** Bytes from a seed. */
function bytesFrom(random: () => number): (count: number) => Buffer {
  return (count) => Buffer.from(Array.from({ length: count }, () => Math.floor(random() * 256)));
}

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

function crypt(bytes: (count: number) => Buffer): Row[] {
  const rows: Row[] = [];
  for (let i = 0; i < 8; i++) {
    const [own, other] = [bytes(8), bytes(8)];
    const exchanged = dhexchange(other);
    rows.push({ kind: 'dhexchange', key: hex(own), out: hex(dhexchange(own)) });
    rows.push({
      kind: 'dhsecret',
      exchanged: hex(exchanged),
      key: hex(own),
      out: hex(dhsecret(exchanged, own)),
    });
    rows.push({ kind: 'hmac64', x: hex(own), y: hex(other), out: hex(hmac64(own, other)) });
    const text = bytes(i * 5);
    rows.push({ kind: 'hashkey', text: hex(text), out: hex(hashkey(text)) });
    rows.push({ kind: 'hmachash', key: hex(own), text: hex(text), out: hex(hmacHash(own, text)) });
    rows.push({ kind: 'desencode', key: hex(own), text: hex(text), out: hex(desencode(own, text)) });
  }
  return rows;
}

async function logins(bytes: (count: number) => Buffer): Promise<Row[]> {
  const rows: Row[] = [];
  for (const user of PEOPLE) {
    const [challenge, own, serverKey] = [bytes(8), bytes(8), bytes(8)];
    const password = `secret of ${user}`;
    const token = tokenOf(user, 'game', password);
    const conversation = await classicSuite(() => own).start(base64encode(challenge));
    const exchanged = base64encode(dhexchange(serverKey));
    const proof = await conversation.prove(exchanged, Buffer.from(token));
    rows.push({
      kind: 'login',
      user,
      server: 'game',
      password,
      key: hex(own),
      token,
      lines: [base64encode(challenge), conversation.greeting, exchanged, ...proof],
      secret: hex(conversation.secret),
    });
  }
  return rows;
}

const PRIVATE = Buffer.from('302e020100300506032b656e04220420', 'hex');

function keyOf(bytes: Buffer) {
  const privateKey = createPrivateKey({ key: Buffer.concat([PRIVATE, bytes]), format: 'der', type: 'pkcs8' });
  const publicKey = createPublicKey(privateKey);
  return { privateKey, publicKey, raw: publicKey.export({ format: 'der', type: 'spki' }).subarray(12) };
}

/** The handshake of today, by its description alone. */
function modernLogins(bytes: (count: number) => Buffer): Row[] {
  return (['aes-256-gcm', 'chacha20-poly1305'] as const).map((cipher) => {
    const seeds = { client: bytes(32), server: bytes(32), pinned: bytes(32) };
    const [client, server, pinned] = [keyOf(seeds.client), keyOf(seeds.server), keyOf(seeds.pinned)];
    const challenge = base64encode(bytes(8));
    const greeting = `skynet-login/1 ${cipher} ${base64encode(client.raw)}`;
    const transcript = createHash('sha256')
      .update([challenge, greeting, base64encode(server.raw)].join('\n'))
      .digest();
    const agree = ({ publicKey }: ReturnType<typeof keyOf>): Buffer =>
      diffieHellman({ privateKey: client.privateKey, publicKey });
    const material = Buffer.concat([agree(server), agree(pinned)]);
    const derived = Buffer.from(hkdfSync('sha256', material, transcript, 'skynet-login/1', 72));
    const seal = (key: Buffer, number: number, text: Uint8Array): string => {
      const nonce = Buffer.alloc(12);
      nonce[11] = number;
      const sealing = createCipheriv(cipher as 'aes-256-gcm', key, nonce, { authTagLength: 16 });
      sealing.setAAD(transcript, { plaintextLength: text.length });
      return base64encode(Buffer.concat([sealing.update(text), sealing.final(), sealing.getAuthTag()]));
    };
    const token = tokenOf('anna', 'game', 'password');
    const serverSide = derived.subarray(32, 64);
    return {
      kind: 'modern-login',
      cipher,
      publicKey: base64encode(pinned.raw),
      privateKey: base64encode(seeds.pinned),
      clientKey: hex(seeds.client),
      serverKey: hex(seeds.server),
      token,
      status: '200 MQ==',
      lines: [
        challenge,
        greeting,
        `${base64encode(server.raw)} ${seal(serverSide, 0, new Uint8Array(0))}`,
        seal(derived.subarray(0, 32), 0, Buffer.from(token)),
        seal(serverSide, 1, Buffer.from('200 MQ==')),
      ],
      secret: hex(derived.subarray(64)),
    };
  });
}

function frames(bytes: (count: number) => Buffer): Row[] {
  const rows: Row[] = [];
  PEOPLE.forEach((user, at) => {
    const secret = bytes(8);
    const username = `${base64encode(user)}@${base64encode('game')}#${base64encode(String(at))}`;
    for (const received of [undefined, 0, 17]) {
      const text = handshakeText(username, at + 1, secret, received);
      const frame = hex(pack(text));
      rows.push({
        kind: 'handshake',
        user,
        server: 'game',
        subid: String(at),
        index: at + 1,
        secret: hex(secret),
        received: received ?? null,
        text,
        frame,
      });
    }
  });
  WORDS.forEach((words, at) => {
    const content = Buffer.from(words);
    const session = [1, 2, 0x7fff_ffff, 0x8000_0000, 0xffff_fffe][at] as number;
    const out = (payload: Uint8Array): Row => ({ content: hex(content), frame: hex(pack(payload)) });
    rows.push({ kind: 'request', session, ...out(encodeRequestFrame(content, session)) });
    rows.push({ kind: 'answer', session, ...out(encodeAnswerFrame(content, RESULT.ok, session)) });
    rows.push({ kind: 'push', number: at + 1, ...out(encodeAnswerFrame(content, RESULT.push, at + 1)) });
    rows.push({ kind: 'acknowledge', number: at + 1, frame: hex(pack(encodeAck(at + 1))) });
  });
  rows.push({
    kind: 'failed',
    session: 7,
    frame: hex(pack(encodeAnswerFrame(new Uint8Array(0), RESULT.failed, 7))),
  });
  return rows;
}

function bodies(random: () => number): Row[] {
  const inputs = [
    null,
    true,
    0,
    23,
    24,
    255,
    256,
    65_536,
    -1,
    -25,
    1.5,
    2 ** 40,
    ...WORDS,
    [1, 'a', []],
    { item: 'sword', count: 2 },
    { x: random(), y: random() },
  ];
  return [
    { kind: 'body-request', name: 'whoami', out: hex(encodeRequest('whoami', undefined)) },
    ...inputs.map((input) => ({
      kind: 'body-request',
      name: 'mirror',
      input,
      out: hex(encodeRequest('mirror', input)),
    })),
    { kind: 'body-answer', out: hex(encodeAnswer(undefined)) },
    ...inputs.map((value) => ({ kind: 'body-answer', value, out: hex(encodeAnswer(value)) })),
    {
      kind: 'body-refusal',
      code: 'NO_GOLD',
      message: 'not enough',
      out: hex(encodeRefusal('NO_GOLD', 'not enough')),
    },
    {
      kind: 'body-refusal',
      code: 'NO_GOLD',
      message: 'not enough',
      details: { gold: 3 },
      out: hex(encodeRefusal('NO_GOLD', 'not enough', { gold: 3 })),
    },
    {
      kind: 'body-push',
      name: 'said',
      value: { from: 'anna', text: 'hi' },
      out: hex(encodePush('said', { from: 'anna', text: 'hi' })),
    },
    { kind: 'body-push', name: 'nothing', out: hex(encodePush('nothing', undefined)) },
    {
      kind: 'body-kick',
      reason: 'elsewhere',
      text: 'you have logged in somewhere else',
      out: hex(encodeKick('elsewhere', 'you have logged in somewhere else')),
    },
    { kind: 'body-closing', after: 2000, text: 'an update', out: hex(encodeClosing(2000, 'an update')) },
  ];
}

describe('the vectors of docs/protocol.md', () => {
  test('are what this code makes, from one seed', async () => {
    const random = randomFrom(20_261_128);
    const bytes = bytesFrom(random);
    const rows = [
      ...crypt(bytes),
      ...(await logins(bytes)),
      ...modernLogins(bytes),
      ...frames(bytes),
      ...bodies(random),
    ];
    const text = rows.map((row) => `${JSON.stringify(row)}\n`).join('');
    if (process.env['SKYNET_WRITE_VECTORS'] !== undefined) writeFileSync(FILE, text);
    expect(readFileSync(FILE, 'utf8')).toBe(text);
  });

  test('of bodies are well formed, and come back as they went', () => {
    const lines = readFileSync(FILE, 'utf8').trim().split('\n');
    const rows = lines.map((line) => JSON.parse(line) as { kind: string; out: string; value?: unknown });
    const made = rows.filter(({ kind }) => kind.startsWith('body-'));
    expect(made.length).toBeGreaterThan(40);
    for (const { kind, out, value } of made) {
      const body = Buffer.from(out, 'hex');
      expect(objection(body)).toBe(undefined);
      if (kind === 'body-answer') expect(decodeBody(body)?.[0]).toEqual(value);
    }
  });
});

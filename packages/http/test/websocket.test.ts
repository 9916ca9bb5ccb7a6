import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Skynet } from '@skynet/core';
import { Happenings, randomFrom, startTestNode, type TestNode, watchLeaks } from '@skynet/core/testing';
import { serve } from '@skynet/http';
import {
  type AcceptOptions,
  createWebSocket,
  type WebSocketApi,
  type WebSocketHandler,
} from '@skynet/http/websocket';
import { createSocket } from '@skynet/socket';
import { expect, onTestFinished, test } from 'vitest';
import WebSocket, { WebSocketServer } from 'ws';
import { inTurn, RawClient, served, service, statuses, testNode } from './setup.ts';

const KEY = 'sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n';
const ACCEPT = 's3pPLMBiTxaQ9kYGzzhZRbK+xOo=';
const VERSION = 'sec-websocket-version: 13\r\n';
const UPGRADE = 'upgrade: websocket\r\n';
const CONNECTION = 'connection: Upgrade\r\n';
const HOST = 'host: a\r\n';

function shake(...fields: string[]): string {
  return `GET /ws?a=b HTTP/1.1\r\n${fields.join('')}\r\n`;
}

const GOOD = shake(HOST, UPGRADE, CONNECTION, KEY, VERSION);

interface Sockets {
  readonly node: TestNode;
  readonly skynet: Skynet;
  readonly port: number;
  readonly websocket: WebSocketApi;
  readonly told: Happenings<string>;
}

/** A server that notes what it is told and sends messages back. */
async function sockets(
  options: AcceptOptions = {},
  more: (websocket: WebSocketApi, skynet: Skynet) => Partial<WebSocketHandler> = () => ({}),
): Promise<Sockets> {
  const node = await testNode();
  const told = new Happenings<string>('callbacks');
  const made: { websocket?: WebSocketApi } = {};
  const { skynet, port } = await served((self) => {
    const websocket = createWebSocket(self);
    made.websocket = websocket;
    const handler: WebSocketHandler = {
      connect: () => told.add('connect'),
      handshake: (_, header, url) => told.add(`handshake ${header['host']} ${url}`),
      message: (id, data, type) => {
        told.add(`${type} ${data.length}`);
        websocket.write(id, data);
      },
      ping: () => told.add('ping'),
      pong: () => told.add('pong'),
      close: (_, code, reason) => told.add(`close ${code} ${reason}`),
      error: (_, error) => told.add(`error ${error.code}`),
      ...more(websocket, self),
    };
    return { upgrades: { '/ws': websocket.endpoint(handler, options) }, handler: () => 'http' };
  }, node);
  return { node, skynet, port, websocket: made.websocket as WebSocketApi, told };
}

/** A frame with a mask. */
function frame(
  first: number,
  payload: string | Buffer,
  mask: Buffer | false = Buffer.of(1, 2, 3, 4),
): Buffer {
  const bytes = Buffer.from(payload as string, 'latin1');
  const bit = mask === false ? 0 : 0x80;
  const { length } = bytes;
  const head =
    length < 126
      ? Buffer.of(first, bit | length)
      : length < 65_536
        ? Buffer.of(first, bit | 126, length >> 8, length & 255)
        : Buffer.from([
            first,
            bit | 127,
            0,
            0,
            0,
            0,
            length >>> 24,
            (length >> 16) & 255,
            (length >> 8) & 255,
            length & 255,
          ]);
  const body = mask === false ? bytes : bytes.map((byte, i) => byte ^ (mask[i & 3] as number));
  return Buffer.concat([head, mask === false ? Buffer.alloc(0) : mask, body]);
}

/** A client that has shaken hands; what it receives begins behind the answer. */
async function shaken(port: number, request = GOOD): Promise<RawClient> {
  const client = await RawClient.open(port);
  client.write(request);
  await client.until((text) => text.includes('\r\n\r\n'), 'the answer to the handshake');
  expect(client.take()).toContain(ACCEPT);
  return client;
}

const hex = (text: string): string => Buffer.from(text, 'latin1').toString('hex');

test('the answer to a handshake is the original’s, to the byte', async () => {
  const { port } = await sockets();
  const client = await RawClient.open(port);
  client.write(shake(HOST, UPGRADE, CONNECTION, KEY, VERSION, 'sec-websocket-protocol: soap, chat\r\n'));
  expect(await client.until((text) => text.endsWith('\r\n\r\n'), 'the answer')).toBe(
    'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n' +
      `Sec-WebSocket-Accept: ${ACCEPT}\r\nSec-WebSocket-Protocol: chat\r\n\r\n`,
  );
});

test.each([
  ['method', GOOD.replace('GET', 'POST'), 400, 'need GET method'],
  ['HTTP/1.0', GOOD.replace('HTTP/1.1', 'HTTP/1.0'), 505, ''],
  ['no upgrade', shake(HOST, CONNECTION, KEY, VERSION), 426, 'Upgrade Required'],
  ['another upgrade', shake(HOST, 'upgrade: h2c\r\n', CONNECTION, KEY, VERSION), 426, 'Upgrade Required'],
  ['no host', shake(UPGRADE, CONNECTION, KEY, VERSION), 400, 'host Required'],
  ['two hosts', shake(HOST, HOST, UPGRADE, CONNECTION, KEY, VERSION), 400, 'several hosts'],
  ['no connection', shake(HOST, UPGRADE, KEY, VERSION), 400, 'Connection must Upgrade'],
  [
    'keep-alive',
    shake(HOST, UPGRADE, 'connection: keep-alive\r\n', KEY, VERSION),
    400,
    'Connection must Upgrade',
  ],
  ['no key', shake(HOST, UPGRADE, CONNECTION, VERSION), 400, 'Sec-WebSocket-Key Required'],
  [
    'short key',
    shake(HOST, UPGRADE, CONNECTION, KEY.replace('dGhl', ''), VERSION),
    400,
    'Sec-WebSocket-Key invalid',
  ],
  ['no version', shake(HOST, UPGRADE, CONNECTION, KEY), 400, 'Sec-WebSocket-Version must 13'],
  [
    'version 8',
    shake(HOST, UPGRADE, CONNECTION, KEY, VERSION.replace('13', '8')),
    400,
    'Sec-WebSocket-Version must 13',
  ],
  [
    'protocol',
    GOOD.replace('\r\n\r\n', '\r\nsec-websocket-protocol: soap\r\n\r\n'),
    400,
    'Sec-WebSocket-Protocol need include chat',
  ],
  ['a body', GOOD.replace('\r\n\r\n', '\r\ncontent-length: 3\r\n\r\nabc'), 400, 'a handshake has no body'],
])('a handshake is refused: %s', async (_, request, status, body) => {
  const { port, told } = await sockets();
  const client = await RawClient.open(port);
  client.write(request);
  const received = await client.closed();
  expect(statuses(received)).toEqual([status]);
  expect(received.slice(received.indexOf('\r\n\r\n') + 4)).toBe(body);
  expect(received).toContain(`content-length: ${body.length}\r\n`);
  await told.find((what) => what.startsWith('close'), 'the close callback');
  expect(told.all).toEqual(['connect', 'close undefined undefined']);
});

test('other paths of the port speak HTTP, and pages of strangers may be kept out', async () => {
  const { port } = await sockets({ origins: ['https://game.example'] });
  expect(await (await fetch(`http://127.0.0.1:${port}/other`)).text()).toBe('http');
  const from = async (origin: string): Promise<number[]> => {
    const client = await RawClient.open(port);
    client.write(GOOD.replace('\r\n\r\n', `\r\norigin: ${origin}\r\n\r\n`));
    return statuses(await client.until((text) => text.includes('\r\n\r\n'), 'the answer'));
  };
  expect(await from('https://game.example')).toEqual([101]);
  expect(await from('https://evil.example')).toEqual([403]);
});

test('frames are the original’s, to the byte', async () => {
  const { port, told } = await sockets();
  const client = await shaken(port);
  client.write(Buffer.from('818201020304696b', 'hex'));
  await client.until((text) => hex(text) === '81026869', 'the echo');
  client.take();
  client.write(Buffer.from('8982010203047172', 'hex'));
  await client.until((text) => hex(text) === '8a027070', 'the pong');
  client.take();
  client.write(frame(0x81, 'a'.repeat(200)));
  await client.until((text) => hex(text) === `817e00c8${'61'.repeat(200)}`, 'a middling frame');
  client.take();
  client.write(frame(0x82, 'b'.repeat(70_000)));
  await client.until((text) => text.length === 70_010, 'a long frame');
  expect(hex(client.take().slice(0, 10))).toBe('827f0000000000011170');
  client.write(Buffer.concat([frame(0x01, 'fr'), frame(0x89, ''), frame(0x00, 'ag'), frame(0x80, '!')]));
  await client.until((text) => hex(text) === `8a00${'8105'}${hex('frag!')}`, 'the pieces as one');
  client.take();
  client.write(frame(0x88, '\x03\xe8bye'));
  expect(hex(await client.closed())).toBe('8800');
  expect(told.all.slice(-1)).toEqual(['close 1000 bye']);
});

const UTF8_HALF = '\xe4\xbd';

test.each([
  ['a frame without mask', frame(0x81, 'a', false), 1002],
  ['reserved bit 1', frame(0xc1, 'a'), 1002],
  ['reserved bit 3', frame(0x91, 'a'), 1002],
  ['opcode 3', frame(0x83, 'a'), 1002],
  ['opcode 11', frame(0x8b, 'a'), 1002],
  ['a ping in pieces', frame(0x09, 'a'), 1002],
  ['a long ping', frame(0x89, 'a'.repeat(126)), 1002],
  ['a continuation of nothing', frame(0x80, 'a'), 1002],
  ['a message inside another', Buffer.concat([frame(0x01, 'a'), frame(0x81, 'b')]), 1002],
  ['a close with one byte', frame(0x88, '\x03'), 1002],
  ['a close with code 1005', frame(0x88, '\x03\xed'), 1002],
  ['a close with code 999', frame(0x88, '\x03\xe7'), 1002],
  ['a close with code 5000', frame(0x88, '\x13\x88'), 1002],
  ['a reason that is no UTF-8', frame(0x88, `\x03\xe8${UTF8_HALF}`), 1007],
  ['text that is no UTF-8', frame(0x81, '\xff'), 1007],
  ['text that is cut in a character', frame(0x81, UTF8_HALF), 1007],
  ['surrogates in text', frame(0x81, '\xed\xa0\x80'), 1007],
  ['a frame above the limit', frame(0x82, 'x'.repeat(262_145)), 1009],
  ['a length that does not fit', Buffer.from('82ffffffffffffffffff', 'hex'), 1002],
  ['a huge length', Buffer.from('82ff7fffffffffffffff', 'hex'), 1009],
  [
    'pieces above the limit',
    Buffer.concat([frame(0x02, 'x'.repeat(200_000)), frame(0x80, 'x'.repeat(62_145))]),
    1009,
  ],
])('%s ends the connection, what came before is answered', async (_, bytes, code) => {
  const { port, told } = await sockets();
  const client = await shaken(port);
  client.write(Buffer.concat([frame(0x81, 'before'), bytes, frame(0x81, 'after')]));
  expect(hex(await client.closed())).toBe(`8106${hex('before')}8802${code.toString(16).padStart(4, '0')}`);
  expect(told.all.slice(2)).toEqual([
    'text 6',
    code === 1009 ? 'error ERR_WEBSOCKET_LIMIT' : 'error ERR_WEBSOCKET_PROTOCOL',
  ]);
});

test('a character may be cut between frames, and frames between chunks', async () => {
  const { port } = await sockets();
  const client = await shaken(port);
  for (const byte of Buffer.concat([
    frame(0x01, UTF8_HALF),
    frame(0x80, '\xa0'),
    frame(0x81, 'x'.repeat(130)),
  ]))
    client.write(Buffer.of(byte));
  await client.until((text) => hex(text) === `8103e4bda0817e0082${'78'.repeat(130)}`, 'both messages');
});

test('frames without mask are taken when that is asked for', async () => {
  const { port } = await sockets({ unmasked: true });
  const client = await shaken(port);
  client.write(Buffer.concat([frame(0x81, 'a', false), frame(0x81, 'b')]));
  await client.until((text) => hex(text) === '810161810162', 'both');
});

test('messages at the limit, in one frame or several', async () => {
  const { port, told } = await sockets();
  const client = await shaken(port);
  client.write(frame(0x82, 'x'.repeat(262_144)));
  client.write(frame(0x02, 'x'.repeat(262_000))).write(frame(0x80, 'x'.repeat(144)));
  await client.until((text) => text.length === 2 * (262_144 + 10), 'both');
  expect(told.all.slice(2)).toEqual(['binary 262144', 'binary 262144']);
});

test('a connection that breaks is told as an error, one that the service closes as a close', async () => {
  const { port, told, websocket, skynet } = await sockets({}, (api) => ({
    message: (id, data) => {
      if (data === 'close') api.close(id, 4001, 'enough');
      else expect(api.isClose(id)).toBe(false);
    },
  }));
  const broken = await shaken(port);
  broken.write(frame(0x81, 'x'));
  broken.socket.resetAndDestroy();
  await told.find((what) => what === 'error ERR_HTTP_SOCKET', 'the error');
  const closed = await shaken(port);
  closed.write(frame(0x81, 'close'));
  await closed.until((text) => hex(text) === `88080fa1${hex('enough')}`, 'the close frame');
  closed.write(Buffer.concat([frame(0x81, 'too late'), frame(0x88, '\x0f\xa1')]));
  await closed.closed();
  await told.find((what) => what === 'close undefined undefined', 'the close');
  // One that never answers is cut off.
  const silent = await shaken(port);
  silent.write(frame(0x81, 'close'));
  await told.find(() => told.all.filter((what) => what.startsWith('close')).length === 2, 'the second close');
  await inTurn(skynet, () => {
    expect(websocket.isClose(1)).toBe(true);
    expect(websocket.write(1, 'x')).toBe(false);
  });
});

/** How many empty pings a text consists of. */
const pings = (text: string): number => hex(text).match(/8900/g)?.length ?? 0;

test('a heartbeat: who answers stays, who is silent is closed with a code', async () => {
  const { port, told } = await sockets({ heartbeat: '400ms', closeTimeout: '10ms' });
  const client = await shaken(port);
  for (let answered = 1; answered <= 2; answered++) {
    await client.until((text) => pings(text) >= answered, `ping ${answered}`);
    client.write(frame(0x8a, ''));
  }
  // One more, perhaps, where the machine was held meanwhile.
  expect(hex(await client.closed())).toMatch(/^(?:8900){3,}880203f3$/);
  expect(await told.find((what) => what.startsWith('error'), 'the end')).toBe('error ERR_WEBSOCKET_SILENT');
});

test('a heartbeat does not hold the silence of a peer against it that is not read from', async () => {
  let go: (() => void) | undefined;
  const { port, told } = await sockets({ heartbeat: '20ms' }, (websocket) => ({
    message: async (id, data) => {
      if (data !== 'stop') return;
      await new Promise<void>((resolve) => {
        go = resolve;
      });
      websocket.write(id, 'went on');
    },
  }));
  const client = await shaken(port);
  client.write(Buffer.concat([frame(0x81, 'stop'), ...Array(300).fill(frame(0x81, 'x'))]));
  await client.until((text) => pings(text) >= 8, 'pings');
  expect(told.all.filter((what) => what.startsWith('error'))).toEqual([]);
  go?.();
  await client.until((text) => text.includes('went on'), 'the answer');
});

test('a heartbeat of the client', async () => {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1', autoPong: false });
  onTestFinished(() => void server.close());
  await once(server, 'listening');
  let answers = 1;
  const closed = new Happenings<number>('closes');
  server.on('connection', (peer) => {
    peer.on('ping', () => {
      if (answers-- > 0) peer.pong();
    });
    peer.on('close', (code) => closed.add(code));
  });
  const skynet = await service(await testNode());
  await inTurn(skynet, async () => {
    const websocket = createWebSocket(skynet);
    const { port } = server.address() as AddressInfo;
    const id = await websocket.connect(`ws://127.0.0.1:${port}/`, null, 0, { heartbeat: '200ms' });
    await expect(websocket.read(id)).rejects.toMatchObject({ code: 'ERR_WEBSOCKET_SILENT' });
    expect(websocket.isClose(id)).toBe(true);
  });
  expect(await closed.find(() => true, 'the close')).toBe(1011);
  expect(answers).toBeLessThanOrEqual(0);
});

test('callbacks of a connection come one after another, and pings are answered while one takes its time', async () => {
  let isSlow = false;
  const { port } = await sockets({}, (websocket, skynet) => ({
    message: async (id, data) => {
      isSlow = true;
      if (data === 'slow') await skynet.sleep(20);
      websocket.write(id, data);
    },
  }));
  const client = await shaken(port);
  client.write(frame(0x81, 'slow'));
  while (!isSlow) await new Promise(setImmediate);
  client.write(Buffer.concat([frame(0x89, 'p'), frame(0x81, 'b'), frame(0x89, 'q')]));
  const received = await client.until((text) => text.endsWith('b'), 'both');
  expect(hex(received)).toBe(`8a01708a0171${'8104'}${hex('slow')}8101${hex('b')}`);
});

test('a handler that throws is logged and the connection goes on', async () => {
  const { port, node } = await sockets({}, (websocket) => ({
    message: (id, data) => {
      if (data === 'bad') throw new Error('my fault');
      websocket.write(id, data);
    },
  }));
  const client = await shaken(port);
  client.write(Buffer.concat([frame(0x81, 'bad'), frame(0x81, 'good')]));
  await client.until((text) => text.endsWith('good'), 'the echo');
  await node.logged(/websocket: .*my fault/);
});

test.each([
  ['messages', frame(0x82, 'x'.repeat(60_000)), 1000, 'message 60000'],
  ['pings', frame(0x89, 'x'.repeat(125)), 100_000, 'ping'],
])('a service that falls behind is not flooded with %s', async (_, flood, times, expected) => {
  let go: (() => void) | undefined;
  const { port, told, skynet } = await sockets({}, () => ({
    message: async (_, data) => {
      if (go === undefined)
        await new Promise<void>((resolve) => {
          go = resolve;
        });
      told.add(`message ${data.length}`);
    },
  }));
  const client = await shaken(port);
  client.write(frame(0x81, 'first'));
  while (go === undefined) await new Promise(setImmediate);
  for (let i = 0; i < times; i += 100) client.write(Buffer.concat(Array(100).fill(flood)));
  // Others are served meanwhile.
  const other = await shaken(port);
  for (let i = 1; i <= 50; i++) {
    other.write(frame(0x89, ''));
    await other.until((text) => pings(text.replaceAll('\x8a', '\x89')) === i, 'a pong');
  }
  const others = told.all.filter((what) => what === expected).length;
  const { read } = createSocket(skynet)
    .netstat()
    .reduce((most, row) => (row.read > most.read ? row : most));
  expect(read).toBeLessThan(1_000_000);
  go();
  client.write(frame(0x81, 'end'));
  await told.find((what) => what === 'message 3', 'the end');
  expect(told.all.filter((what) => what === expected).length - others).toBe(times);
});

test('the library ws understands the server, with fragments of any size', async () => {
  const { port } = await sockets();
  const client = new WebSocket(`ws://127.0.0.1:${port}/ws`);
  await once(client, 'open');
  const received = new Happenings<string>('messages');
  client.on('message', (data: Buffer, isBinary: boolean) =>
    received.add(`${isBinary} ${data.toString('latin1')}`),
  );
  const random = randomFrom(Number(process.env['SKYNET_FUZZ_SEED'] ?? 1));
  const sent: string[] = [];
  for (let i = 0; i < 50; i++) {
    const text = 'ab你'.repeat(random() * 3000).slice(0, random() * 9000);
    const bytes = Buffer.from(text);
    const binary = random() < 0.5;
    for (let at = 0; ; ) {
      const end = random() < 0.3 ? bytes.length : Math.min(bytes.length, at + Math.floor(random() * 1000));
      client.send(bytes.subarray(at, end), { fin: end === bytes.length, binary });
      at = end;
      if (at === bytes.length) break;
    }
    sent.push(`${binary} ${bytes.toString('latin1')}`);
  }
  await received.find(() => received.all.length === sent.length, 'all of them');
  expect(received.all).toEqual(sent);
  client.close(3000, 'over');
  await once(client, 'close');
});

test('the client: connects to ws, reads and writes, and is told how it ends', async () => {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
  onTestFinished(() => void server.close());
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.on('connection', (peer, request) => {
    peer.send(`${request.url} ${request.headers['x-a']}`);
    peer.on('message', (data, isBinary) => {
      if (String(data) === 'bye') peer.close(4002, 'as you wish');
      else if (String(data) === 'break') peer.terminate();
      else peer.send(data, { binary: isBinary });
    });
  });
  const node = await testNode();
  const skynet = await service(node);
  const leaks = watchLeaks(node);
  await inTurn(skynet, async () => {
    const websocket = createWebSocket(skynet);
    const url = `ws://127.0.0.1:${port}/path?q`;
    const id = await websocket.connect(url, { 'x-a': 'b' }, '5s');
    expect(await websocket.read(id)).toEqual(['/path?q b', undefined]);
    expect(websocket.addrInfo(id)).toBe(`127.0.0.1:${port}`);
    expect(websocket.write(id, 'hi')).toBe(true);
    expect(websocket.write(id, Buffer.alloc(70_000, 'x'), undefined, 0x01020304)).toBe(true);
    expect(await websocket.read(id)).toEqual(['hi', undefined]);
    expect(await websocket.read(id)).toEqual([Buffer.alloc(70_000, 'x'), undefined]);
    websocket.ping(id);
    websocket.write(id, 'bye');
    expect(await websocket.read(id)).toEqual([undefined, Buffer.from('\x0f\xa2as you wish', 'latin1')]);
    await expect(websocket.read(id)).rejects.toMatchObject({ code: 'ERR_WEBSOCKET_ID' });
    const other = await websocket.connect(url);
    await websocket.read(other);
    websocket.write(other, 'break');
    await expect(websocket.read(other)).rejects.toMatchObject({ code: 'ERR_HTTP_SOCKET' });
    const third = await websocket.connect(url);
    websocket.close(third, 1000, 'bye');
    expect(websocket.isClose(third)).toBe(true);
  });
  await leaks();
});

test('the client refuses answers that are none', async () => {
  const answers: Readonly<Record<string, string>> = {
    '/404': 'HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n',
    '/accept': `HTTP/1.1 101 x\r\nupgrade: websocket\r\nconnection: upgrade\r\nsec-websocket-accept: ${ACCEPT}\r\n\r\n`,
    '/garbage': 'hello\r\n\r\n',
    '/closed': '',
  };
  const server = createServer();
  server.on('upgrade', (request, socket) => socket.end(answers[request.url ?? '']));
  server.listen(0, '127.0.0.1');
  onTestFinished(() => void server.close());
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const node = await testNode();
  const skynet = await service(node);
  const code = (url: string): Promise<string> =>
    inTurn(skynet, () => createWebSocket(skynet).connect(url)).then(
      () => 'connected',
      (error: { code: string }) => error.code,
    );
  const at = `ws://127.0.0.1:${port}`;
  expect(await code(`${at}/404`)).toBe('ERR_WEBSOCKET_HANDSHAKE');
  expect(await code(`${at}/accept`)).toBe('ERR_WEBSOCKET_HANDSHAKE');
  expect(await code(`${at}/garbage`)).toBe('ERR_HTTP_MESSAGE');
  expect(await code(`${at}/closed`)).toBe('ERR_HTTP_SOCKET');
  expect(await code('http://127.0.0.1/')).toBe('ERR_HTTP_URL');
  expect(await code('ws://127.0.0.1:1/')).toBe('ERR_CONNECT');
});

test('accept serves a socket that somebody has accepted, and gives how it ended', async () => {
  const node = await testNode();
  const skynet = await service(node);
  const ends = new Happenings<string>('ends');
  const port = await inTurn(skynet, async () => {
    const socket = createSocket(skynet);
    const websocket = createWebSocket(skynet, socket);
    const handler: WebSocketHandler = { message: (id, data) => void websocket.write(id, `echo:${data}`) };
    const listener = await socket.listen('127.0.0.1:0');
    await socket.start(listener, async (id, address) => {
      const [ok, error] = await websocket.accept(id, handler, 'ws', address);
      ends.add(`${ok} ${error?.code}`);
    });
    return socket.localAddress(listener).port;
  });
  const client = await shaken(port);
  client.write(frame(0x81, 'hi'));
  await client.until((text) => hex(text) === '81076563686f3a6869', 'the echo');
  client.write(frame(0x88, ''));
  await client.closed();
  expect(await ends.find(() => true, 'the end')).toBe('true undefined');
  const bad = await shaken(port);
  bad.write(frame(0x83, ''));
  await bad.closed();
  expect(await ends.find((end) => end.startsWith('false'), 'the bad end')).toBe(
    'false ERR_WEBSOCKET_PROTOCOL',
  );
  const long = await RawClient.open(port);
  long.write(`GET / HTTP/1.1\r\nx: ${'y'.repeat(9000)}`);
  expect(statuses(await long.closed())).toEqual([413]);
});

test('what cannot be sent is refused with a code', async () => {
  const { websocket, skynet } = await sockets();
  await inTurn(skynet, () => {
    const code = (work: () => unknown): string | undefined => {
      try {
        work();
        return undefined;
      } catch (error) {
        return (error as { code: string }).code;
      }
    };
    expect(code(() => websocket.write(1, 5 as never))).toBe('ERR_WEBSOCKET_DATA');
    expect(code(() => websocket.write(1, Buffer.of(255), 'text'))).toBe('ERR_WEBSOCKET_DATA');
    expect(code(() => websocket.write('x' as never, 'x'))).toBe('ERR_WEBSOCKET_ID');
    expect(code(() => websocket.close(1, 1005))).toBe('ERR_WEBSOCKET_DATA');
    expect(code(() => websocket.close(1, 1000, 'x'.repeat(124)))).toBe('ERR_WEBSOCKET_DATA');
    expect(code(() => websocket.addrInfo(1))).toBe('ERR_WEBSOCKET_ID');
    expect(code(() => websocket.endpoint({}, { limit: 0 }))).toBe('ERR_ARGUMENT');
    expect(code(() => websocket.endpoint({}, { heartbeat: 'often' as never }))).toBe('ERR_ARGUMENT');
    expect(code(() => websocket.endpoint({}, { origins: ['game.example'] }))).toBe('ERR_ARGUMENT');
  });
});

test('a server that closes says goodbye to its WebSockets', async () => {
  const node = await startTestNode({}, { after: onTestFinished });
  const skynet = await service(node);
  const server = await inTurn(skynet, () =>
    serve(skynet, { port: 0, upgrades: { '*': createWebSocket(skynet).endpoint({}) } }),
  );
  const client = await shaken(server.port);
  expect(server.connections).toBe(1);
  const long = await RawClient.open(server.port);
  expect(statuses(await long.write(`GET /${'x'.repeat(9000)}`).closed())).toEqual([413]);
  const closing = inTurn(skynet, () => server.close());
  await client.until((text) => hex(text) === '880203e9', 'the close frame');
  client.write(frame(0x88, '\x03\xe9'));
  await client.closed();
  await closing;
});

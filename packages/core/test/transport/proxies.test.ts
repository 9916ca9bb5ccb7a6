import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect as netConnect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Happenings, RecordingReceiver } from '@skynet/core/testing';
import { createTransports, type Listener, type ListenOptions, tcp, tls } from '@skynet/core/transport';
import { type WsOptions, ws } from '@skynet/core/ws';
import { describe, expect, it, onTestFinished } from 'vitest';
import { WebSocket } from 'ws';
import { type Manner, relay } from './behind-proxy.ts';
import { certificate } from './certificate.ts';

const V1 = Buffer.from('PROXY TCP4 203.0.113.9 10.0.0.1 5555 443\r\n');
const V2_OVER_IPV6 = Buffer.from(
  '0d0a0d0a000d0a515549540a2121002420010db800000000000000000000000920010db800000000000000000000000115b301bb',
  'hex',
);
const UNKNOWN = Buffer.from('PROXY UNKNOWN\r\n');
const V2_LOCAL = Buffer.from('0d0a0d0a000d0a515549540a20000000', 'hex');

/** Options of all transports that are known here. */
type Options = Pick<WsOptions, 'trustProxy' | 'proxyProtocol' | 'forwarded'>;

const TRUSTING: Options = { trustProxy: ['127.0.0.0/8', 'unix'], proxyProtocol: true };
const SCHEMES = ['tcp over native handles', 'tcp over net.Socket', 'tls', 'ws', 'wss'];

function transportsFor(name: string, options: Options) {
  const native = name !== 'tcp over net.Socket';
  const secure = { server: certificate, client: { ca: certificate.cert } };
  const { forwarded, ...rest } = options;
  const list = name.startsWith('ws')
    ? [ws({ ...options, ...secure })]
    : [tcp({ ...rest, native }), tls({ ...rest, ...secure })];
  return createTransports(list);
}

interface Hall {
  listener: Listener;
  /** Addresses of whom was accepted. */
  guests: Happenings<string>;
  /** What was told of others. */
  errors: Happenings<string>;
}

/** Listens, echoes, and notes who came. */
async function listen(
  name: string,
  options: Options,
  given: ListenOptions = {},
  address?: string,
): Promise<Hall> {
  const guests = new Happenings<string>('guests');
  const errors = new Happenings<string>('errors');
  const scheme = name.split(' ')[0];
  const listener = await transportsFor(name, options).listen(
    address ?? `${scheme}://127.0.0.1:0`,
    { onAcceptError: (error) => errors.add(`${error.details?.reason}: ${error.message}`), ...given },
    (connection) => {
      const heard = new RecordingReceiver();
      heard.onData = (chunk) => connection.write(chunk.slice());
      connection.start(heard);
      onTestFinished(() => connection.destroy());
      guests.add(connection.remoteAddress);
    },
  );
  onTestFinished(() => listener.close());
  return { listener, guests, errors };
}

/** A client that says hello and hears it again. */
async function greet(name: string, port: number): Promise<void> {
  const scheme = name.split(' ')[0];
  const connection = await transportsFor(name, {}).connect(`${scheme}://127.0.0.1:${port}`);
  onTestFinished(() => connection.destroy());
  const heard = new RecordingReceiver();
  connection.start(heard);
  connection.write(Buffer.from('hello'));
  expect((await heard.size(5)).toString()).toBe('hello');
}

function dial(port: number): { socket: Socket; closed: Promise<unknown> } {
  const socket = netConnect(port, '127.0.0.1');
  socket.on('error', () => {}).resume();
  onTestFinished(() => void socket.destroy());
  return { socket, closed: new Promise((resolve) => socket.once('close', resolve)) };
}

describe.each(SCHEMES)('%s behind a proxy', (name) => {
  it.each<[string, Buffer, string, Manner]>([
    ['version 1', V1, '203.0.113.9:5555', 'at once'],
    ['version 1', V1, '203.0.113.9:5555', 'together'],
    ['version 1', V1, '203.0.113.9:5555', 'byte by byte'],
    ['version 2', V2_OVER_IPV6, '[2001:db8::9]:5555', 'at once'],
    ['version 2', V2_OVER_IPV6, '[2001:db8::9]:5555', 'together'],
    ['version 2', V2_OVER_IPV6, '[2001:db8::9]:5555', 'byte by byte'],
  ])('is told of the client by %s', async (_, header, address, manner) => {
    const { listener, guests, errors } = await listen(name, TRUSTING);
    await greet(name, await relay(listener.port, header, manner));
    expect(guests.all).toEqual([address]);
    expect(errors.all).toEqual([]);
  });

  it.each([UNKNOWN, V2_LOCAL])('keeps the address of the proxy where it knows no other', async (header) => {
    const { listener, guests } = await listen(name, TRUSTING);
    await greet(name, await relay(listener.port, header, 'together'));
    expect(guests.all).toEqual([expect.stringMatching(/^127\.0\.0\.1:\d+$/)]);
  });

  it('takes peers that are not trusted for clients', async () => {
    const { listener, guests, errors } = await listen(name, {
      ...TRUSTING,
      trustProxy: ['10.0.0.0/8', '::1'],
    });
    await greet(name, listener.port);
    expect(guests.all).toEqual([expect.stringMatching(/^127\.0\.0\.1:\d+$/)]);
    // A header of theirs is what they have sent, and for most protocols nonsense.
    const forger = dial(listener.port);
    if (!name.startsWith('tcp')) {
      forger.socket.write(Buffer.concat([V1, Buffer.alloc(1000, 'x')]));
      await forger.closed;
      expect(guests.all).toHaveLength(1);
    } else {
      forger.socket.write(V1);
      expect(String((await once(forger.socket, 'data'))[0])).toBe(String(V1));
      expect(guests.all).toEqual([guests.all[0], `127.0.0.1:${forger.socket.localPort}`]);
    }
    expect(errors.all.filter((line) => line.includes('PROXY'))).toEqual([]);
  });

  it('closes on a trusted peer that sends no header, or a bad one, and says so', async () => {
    const { listener, guests, errors } = await listen(name, TRUSTING);
    for (const bytes of ['hello, nice to meet you', 'PROXY TCP4 nonsense\r\n', `PROXY ${'x'.repeat(200)}`]) {
      const { socket, closed } = dial(listener.port);
      socket.write(bytes);
      await closed;
    }
    const half = dial(listener.port);
    half.socket.end(V1.subarray(0, 20));
    await half.closed;
    expect(guests.all).toEqual([]);
    // At most one is told in a second; no byte of theirs is among the words.
    expect(errors.all[0]).toMatch(/^proxyProtocol: handshake error: 127\.0\.0\.1:\d+ sent no PROXY header$/);
    for (const line of errors.all) expect(line).not.toMatch(/nonsense|hello|xx/);
    await greet(name, await relay(listener.port, V1, 'together'));
  });

  it('does not mind a proxy that looks whether it lives', async () => {
    const { listener, guests, errors } = await listen(name, TRUSTING);
    for (let i = 0; i < 3; i++) {
      const { socket, closed } = dial(listener.port);
      socket.end();
      await closed;
    }
    expect([guests.all, errors.all]).toEqual([[], []]);
  });

  it('limits the time of a header', async () => {
    const { listener, guests, errors } = await listen(name, TRUSTING, { handshakeTimeout: 100 });
    const silent = dial(listener.port);
    const half = dial(listener.port);
    half.socket.write(V1.subarray(0, 20));
    await Promise.all([silent.closed, half.closed]);
    expect(guests.all).toEqual([]);
    expect(errors.all).toEqual([
      expect.stringMatching(/^handshakeTimeout: .* was not through after 100 ms$/),
    ]);
  });

  it('limits the number of connections of each client, not of the proxy', async () => {
    const { listener, guests, errors } = await listen(name, TRUSTING, { maxPerAddress: 2 });
    const one = await relay(listener.port, V1, 'together');
    const other = await relay(listener.port, V2_OVER_IPV6, 'together');
    for (let i = 0; i < 2; i++) await greet(name, one);
    for (let i = 0; i < 2; i++) await greet(name, other);
    const third = dial(one);
    third.socket.write('hello');
    await third.closed;
    expect(guests.all).toHaveLength(4);
    expect(errors.all).toEqual(['maxPerAddress: accept error: more than 2 connections from 203.0.113.9']);
  });
});

it('a unix socket behind a proxy', async () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'skynet-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const file = path.join(folder, 'socket');
  for (const native of ['tcp over native handles', 'tcp over net.Socket']) {
    const { listener, guests } = await listen(native, TRUSTING, {}, `unix://${file}`);
    const socket = netConnect(file);
    socket.write(Buffer.concat([V1, Buffer.from('hello')]));
    expect(String((await once(socket, 'data'))[0])).toBe('hello');
    expect(guests.all).toEqual(['203.0.113.9:5555']);
    socket.destroy();
    await listener.close();
  }
});

describe('what a proxy writes into the request', () => {
  /** The address of a client that came with these headers. */
  async function addressOf(
    options: Options,
    headers: Record<string, string>,
    preface?: Buffer,
  ): Promise<string> {
    const { listener, guests } = await listen('ws', options);
    const port = preface === undefined ? listener.port : await relay(listener.port, preface, 'together');
    const socket = new WebSocket(`ws://127.0.0.1:${port}`, { headers });
    onTestFinished(() => socket.terminate());
    socket.on('error', () => {});
    const [event, , response] = await Promise.race([
      once(socket, 'open').then(() => ['open'] as const),
      once(socket, 'unexpected-response').then(([, response]) => ['refused', undefined, response] as const),
    ]);
    if (event === 'refused') return String(response?.statusCode);
    return (await guests.count(1))[0] as string;
  }
  const ME = expect.stringMatching(/^127\.0\.0\.1:\d+$/);
  const xff = (value: string) => ({ 'X-Forwarded-For': value });

  it.each<[string, Options, Record<string, string>, unknown]>([
    ['nobody is trusted', {}, { ...xff('203.0.113.9'), Forwarded: 'for=203.0.113.9' }, ME],
    ['one proxy', { trustProxy: 1, forwarded: true }, xff('203.0.113.9'), '203.0.113.9:0'],
    [
      'one proxy, and a forged entry',
      { trustProxy: 1, forwarded: true },
      xff('198.51.100.1, 203.0.113.9'),
      '203.0.113.9:0',
    ],
    [
      'two proxies',
      { trustProxy: 2, forwarded: true },
      xff('198.51.100.1, 203.0.113.9, 10.0.0.1'),
      '203.0.113.9:0',
    ],
    ['two proxies, but one entry', { trustProxy: 2, forwarded: true }, xff('203.0.113.9'), '203.0.113.9:0'],
    ['one proxy, no entry', { trustProxy: 1, forwarded: true }, {}, ME],
    ['everybody', { trustProxy: true, forwarded: true }, xff('203.0.113.9, 10.0.0.1'), '203.0.113.9:0'],
    [
      'a list',
      { trustProxy: ['127.0.0.1', '10.0.0.0/8'], forwarded: true },
      xff('198.51.100.1, 203.0.113.9, 10.0.0.1'),
      '203.0.113.9:0',
    ],
    ['a list without the peer', { trustProxy: ['10.0.0.0/8'], forwarded: true }, xff('203.0.113.9'), ME],
    [
      'a list, IPv6',
      { trustProxy: ['127.0.0.1', 'fd00::/8'], forwarded: true },
      xff('2001:db8::9, fd00::1'),
      '[2001:db8::9]:0',
    ],
    [
      'another header than the one that counts',
      { trustProxy: 1, forwarded: true },
      { Forwarded: 'for=203.0.113.9' },
      ME,
    ],
    [
      'Forwarded',
      { trustProxy: 1, forwarded: 'forwarded' },
      { Forwarded: 'for="[2001:db8::9]:4711";proto=https' },
      '[2001:db8::9]:4711',
    ],
    [
      'Forwarded, and the other',
      { trustProxy: 1, forwarded: 'forwarded' },
      { ...xff('198.51.100.1'), Forwarded: 'for=203.0.113.9' },
      '203.0.113.9:0',
    ],
    [
      'Forwarded by one that does not tell',
      { trustProxy: 1, forwarded: 'forwarded' },
      { Forwarded: 'for=_secret' },
      ME,
    ],
    ['what cannot be read', { trustProxy: 1, forwarded: true }, xff('203.0.113.9, nonsense'), '400'],
    [
      'what cannot be read, farther than it matters',
      { trustProxy: 1, forwarded: true },
      xff('nonsense, 203.0.113.9'),
      '203.0.113.9:0',
    ],
    [
      'Forwarded that cannot be read',
      { trustProxy: 1, forwarded: 'forwarded' },
      { Forwarded: 'for="203.0.113.9' },
      '400',
    ],
    ['what cannot be read, of a client', { trustProxy: ['10.0.0.1'], forwarded: true }, xff('nonsense'), ME],
  ])('%s', async (_, options, headers, address) => {
    expect(await addressOf(options, headers)).toEqual(address);
  });

  it('counts behind what the PROXY header says', async () => {
    const both = { proxyProtocol: true, forwarded: true };
    const headers = xff('198.51.100.1, 203.0.113.77');
    expect(await addressOf({ ...both, trustProxy: 1 }, headers, V1)).toBe('203.0.113.9:5555');
    expect(await addressOf({ ...both, trustProxy: 2 }, headers, V1)).toBe('203.0.113.77:0');
    expect(await addressOf({ ...both, trustProxy: ['127.0.0.1'] }, headers, V1)).toBe('203.0.113.9:5555');
    expect(await addressOf({ ...both, trustProxy: ['127.0.0.1', '203.0.113.9'] }, headers, V1)).toBe(
      '203.0.113.77:0',
    );
  });

  it('limits the number of connections of each client', async () => {
    const { listener, guests, errors } = await listen(
      'ws',
      { trustProxy: 1, forwarded: true },
      { maxPerAddress: 1 },
    );
    const come = async (client: string): Promise<unknown> => {
      const socket = new WebSocket(listener.url, { headers: xff(client) });
      onTestFinished(() => socket.terminate());
      socket.on('error', () => {});
      return Promise.race([
        once(socket, 'open').then(() => 'open'),
        once(socket, 'unexpected-response').then(([, { statusCode }]) => statusCode),
      ]);
    };
    expect(await come('203.0.113.9')).toBe('open');
    expect(await come('203.0.113.10')).toBe('open');
    expect(await come('203.0.113.9')).toBe(503);
    expect(await guests.count(2)).toEqual(['203.0.113.9:0', '203.0.113.10:0']);
    expect(errors.all).toEqual(['maxPerAddress: accept error: more than 1 connections from 203.0.113.9']);
  });

  it('is told when it cannot be read, without its bytes', async () => {
    const { listener, errors } = await listen('ws', { trustProxy: 1, forwarded: true });
    const socket = new WebSocket(listener.url, { headers: xff('nonsense') });
    socket.on('error', () => {});
    await once(socket, 'unexpected-response');
    socket.terminate();
    expect(errors.all).toEqual([
      expect.stringMatching(
        /^forwarded: handshake error: 127\.0\.0\.1:\d+ sent a header about its client that cannot be read$/,
      ),
    ]);
  });
});

describe('settings about proxies', () => {
  it.each<[() => unknown, string]>([
    [() => tcp({ trustProxy: true }), 'tcp option proxyProtocol must be true where trustProxy is given'],
    [
      () => tls({ trustProxy: ['10.0.0.1'] }),
      'tls option proxyProtocol must be true where trustProxy is given',
    ],
    [
      () => ws({ trustProxy: 1 }),
      'ws option proxyProtocol must be true, or forwarded given, where trustProxy is given',
    ],
    [
      () => tcp({ proxyProtocol: true }),
      'tcp option trustProxy must be given with proxyProtocol: who is believed?',
    ],
    [() => ws({ forwarded: true }), 'ws option trustProxy must be given with forwarded: who is believed?'],
    [() => ws({ forwarded: true, trustproxy: 1 } as never), 'perhaps trustProxy is meant'],
    [
      () => ws({ forwarded: 'via' as never, trustProxy: 1 }),
      'ws option forwarded must be true, x-forwarded-for or forwarded, not "via"',
    ],
    [() => tcp({ forwarded: true } as never), 'unknown tcp option "forwarded"'],
    [
      () => tcp({ proxyProtocol: 1 as never, trustProxy: 1 }),
      'tcp option proxyProtocol must be true or false, not 1',
    ],
    ...[0, -1, 1.5, 'loopback', {}].map((value): [() => unknown, string] => [
      () => tcp({ proxyProtocol: true, trustProxy: value as never }),
      'tcp option trustProxy must be true, a number of proxies from 1 on, or a list of addresses and networks',
    ]),
    ...[
      '10.0.0.0/33',
      '10.0.0',
      '10.0.0.0/',
      '10.0.0.0/8/8',
      '::/129',
      'fe80::1%eth0',
      'proxy.example',
      '',
      7,
    ].map((entry): [() => unknown, string] => [
      () => tcp({ proxyProtocol: true, trustProxy: ['10.0.0.1', entry as string] }),
      `tcp option trustProxy must be a list of addresses and networks such as 10.0.0.0/8, not ${JSON.stringify(entry)}`,
    ]),
    [
      () => tcp({ proxyProtocol: true, trustProxy: [] }),
      'tcp option trustProxy must be a list of addresses and networks such as 10.0.0.0/8, not a list',
    ],
  ])('refuses %s', (make, message) => {
    expect(make).toThrow(
      expect.objectContaining({ code: 'ERR_ARGUMENT', message: expect.stringContaining(message) }),
    );
  });

  it('may be turned off', () => {
    ws({ trustProxy: false, forwarded: false, proxyProtocol: false });
    tcp({ trustProxy: false });
  });
});

import { type Socket, createSocket as udpSocket } from 'node:dgram';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type Answer, decode, encode, type Packet } from 'dns-packet';
import fc from 'fast-check';
import { afterEach, describe, expect, test } from 'vitest';
import { freePort } from '../../../test/free-port.ts';
import { readReply } from '../src/dns-message.ts';
import { createDns, type Dns, type DnsCommands, dnsService } from '../src/index.ts';
import { livingService, testNode } from './setup.ts';

const closing: (() => unknown)[] = [];

afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

interface Query {
  readonly name: string;
  readonly type: string;
  readonly id: number;
  /** Sends bytes back, or an answer with changes. */
  answer(answers: Answer[], change?: Packet, flags?: number): void;
  raw(bytes: Uint8Array): void;
}

/** A name server over UDP, and over TCP on the same port where `onCall` is given. */
async function nameServer(
  onQuery: (query: Query) => void,
  onCall?: (query: Query) => void,
): Promise<{ port: number; asked: string[] }> {
  const asked: string[] = [];
  const udp = udpSocket('udp4');
  const port = await freePort();
  udp.bind(port, '127.0.0.1');
  await once(udp, 'listening');
  udp.on('message', (data, from) => {
    const query = queryOf(data, (bytes) => send(udp, bytes, from.port));
    asked.push(`${query.type} ${query.name}`);
    onQuery(query);
  });
  closing.push(() => new Promise<void>((resolve) => udp.close(resolve)));
  if (onCall !== undefined) {
    const tcp: Server = createServer((socket) => {
      socket.on('error', () => {});
      socket.on('data', (data) =>
        onCall(
          queryOf(data.subarray(2), (bytes) => {
            const size = Buffer.alloc(2);
            size.writeUInt16BE(bytes.length);
            // In two pieces.
            socket.write(Buffer.concat([size, bytes.subarray(0, 5)]));
            socket.write(bytes.subarray(5));
          }),
        ),
      );
    });
    await once(tcp.listen(port, '127.0.0.1'), 'listening');
    closing.push(() => tcp.close());
  }
  return { port, asked };
}

function send(udp: Socket, bytes: Uint8Array, port: number): void {
  udp.send(bytes, port, '127.0.0.1');
}

function queryOf(data: Uint8Array, reply: (bytes: Uint8Array) => void): Query {
  const { id = 0, questions = [] } = decode(Buffer.from(data));
  const [question] = questions;
  return {
    id,
    name: question?.name ?? '',
    type: question?.type ?? '',
    raw: reply,
    answer: (answers, change = {}, flags = 0x180) =>
      reply(encode({ type: 'response', id, flags, questions, answers, ...change })),
  };
}

const a = (name: string, data: string, ttl = 300): Answer => ({ type: 'A', name, data, ttl });

async function dnsFor(port: number, options = {}): Promise<Dns> {
  const dns = createDns(await livingService(await testNode({ watchdog: false })), {
    hosts: false,
    ...options,
  });
  await dns.server('127.0.0.1', port);
  return dns;
}

describe('resolve', () => {
  test('gives the first address and all of them, in either family, in usual writing', async () => {
    const { port } = await nameServer((query) =>
      query.answer(
        query.type === 'A'
          ? [a(query.name, '10.0.0.2'), a(query.name, '10.0.0.1')]
          : [{ type: 'AAAA', name: query.name, data: '2001:db8:0:0:0:0:0:5', ttl: 5 }],
      ),
    );
    const dns = await dnsFor(port);
    expect(await dns.resolve('Multi.Test')).toEqual(['10.0.0.2', ['10.0.0.2', '10.0.0.1']]);
    expect(await dns.resolve('multi.test', true)).toEqual(['2001:db8::5', ['2001:db8::5']]);
    expect(await dns.resolve('127.0.0.1')).toEqual(['127.0.0.1', ['127.0.0.1']]);
    expect(await dns.resolve('::1')).toEqual(['::1', ['::1']]);
  });

  test('asks once for those who ask at the same time, and as long as the answer holds', async () => {
    const { port, asked } = await nameServer((query) => query.answer([a(query.name, '10.0.0.1')]));
    const dns = await dnsFor(port);
    await Promise.all(Array.from({ length: 50 }, () => dns.resolve('a.test')));
    await dns.resolve('A.test.');
    expect(asked).toEqual(['A a.test']);
    dns.flush();
    await dns.resolve('a.test');
    expect(asked.length).toBe(2);
  });

  test('what holds for no time is asked again, and kept for when nobody answers', async () => {
    let silent = false;
    const { port, asked } = await nameServer(
      (query) => silent || query.answer([a(query.name, '10.0.0.1', 0)]),
    );
    const dns = await dnsFor(port, { timeout: '1s', retry: '2s' });
    await dns.resolve('zero.test');
    await dns.resolve('zero.test');
    expect(asked.length).toBe(2);
    silent = true;
    expect(await dns.resolve('zero.test')).toEqual(['10.0.0.1', ['10.0.0.1']]);
    dns.flush();
    await expect(dns.resolve('zero.test')).rejects.toMatchObject({
      code: 'ERR_DNS_NO_ANSWER',
      message: 'timeout or no answer',
      details: { reason: 'TIMEOUT' },
    });
  });

  test('a query or an answer that is lost is asked for again', async () => {
    let count = 0;
    const { port } = await nameServer((query) => ++count > 2 && query.answer([a(query.name, '10.0.0.1')]));
    const dns = await dnsFor(port, { retry: '10ms' });
    expect(await dns.resolve('lossy.test')).toEqual(['10.0.0.1', ['10.0.0.1']]);
  });

  test('aliases are followed, addresses of other names are not taken', async () => {
    const { port } = await nameServer(({ name, answer }) =>
      answer([
        a('else.test', '6.6.6.6'),
        a('c.test', '10.0.0.3'),
        { type: 'CNAME', name: 'b.test', data: 'C.test', ttl: 300 },
        { type: 'CNAME', name, data: 'b.test', ttl: 300 },
        { type: 'CNAME', name: 'c.test', data: name, ttl: 300 },
      ]),
    );
    expect(await (await dnsFor(port)).resolve('alias.test')).toEqual(['10.0.0.3', ['10.0.0.3']]);
  });

  test.each([
    ['another id', (query: Query) => query.answer([a(query.name, '6.6.6.6')], { id: query.id ^ 1 })],
    [
      'another name',
      (query: Query) =>
        query.answer([a('evil.test', '6.6.6.6'), a(query.name, '6.6.6.6')], {
          questions: [{ type: 'A', name: 'evil.test' }],
        }),
    ],
    [
      'another type',
      (query: Query) =>
        query.answer([a(query.name, '6.6.6.6')], { questions: [{ type: 'AAAA', name: query.name }] }),
    ],
    ['no question', (query: Query) => query.answer([a(query.name, '6.6.6.6')], { questions: [] })],
    ['a question', (query: Query) => query.answer([a(query.name, '6.6.6.6')], { type: 'query' })],
    ['nothing', (query: Query) => query.raw(Buffer.alloc(0))],
    ['an id alone', (query: Query) => query.raw(Buffer.from([query.id >> 8, query.id & 255]))],
    [
      'noise',
      (query: Query) => query.raw(Buffer.from([query.id >> 8, query.id & 255, ...Array(500).fill(0xc0)])),
    ],
  ])('what does not answer the question is passed over: %s', async (_what, before) => {
    const { port } = await nameServer((query) => {
      before(query);
      query.answer([a(query.name, '10.0.0.1')]);
    });
    expect(await (await dnsFor(port)).resolve('right.test')).toEqual(['10.0.0.1', ['10.0.0.1']]);
  });

  test('no such name and no addresses fail at once, and say which', async () => {
    const { port } = await nameServer((query) =>
      query.name === 'nx.test'
        ? query.answer([], {}, 0x183)
        : query.answer([{ type: 'TXT', name: query.name, data: 'x' }]),
    );
    const dns = await dnsFor(port);
    await expect(dns.resolve('nx.test')).rejects.toMatchObject({ details: { reason: 'NXDOMAIN' } });
    await expect(dns.resolve('txt.test')).rejects.toMatchObject({ details: { reason: 'NOERROR' } });
  });

  test('what does not fit a packet is asked for over TCP', async () => {
    const many = Array.from({ length: 200 }, (_, i) => `10.0.1.${i}`);
    const { port } = await nameServer(
      (query) => query.answer([a(query.name, '10.0.0.1')], {}, 0x380),
      (query) => query.answer(many.map((address) => a(query.name, address))),
    );
    const [first, all] = await (await dnsFor(port)).resolve('many.test');
    expect([first, all]).toEqual(['10.0.1.0', many]);
  });

  test('where TCP does not answer, what fitted has to do', async () => {
    const { port } = await nameServer((query) => query.answer([a(query.name, '10.0.0.1')], {}, 0x380));
    expect(await (await dnsFor(port)).resolve('half.test')).toEqual(['10.0.0.1', ['10.0.0.1']]);
  });

  test.each([
    '',
    ' ',
    'a b',
    'a..b',
    '.a',
    `${'a'.repeat(64)}.test`,
    'ä.test',
    'a\n',
    'foo:bar',
    'x'.repeat(300),
    null,
    5,
  ])('%j is no name', async (name) => {
    await expect((await dnsFor(1)).resolve(name as string)).rejects.toMatchObject({
      code: 'ERR_DNS_NAME',
      message: 'illegal name',
    });
  });

  test('names that wait are bounded', async () => {
    const { port } = await nameServer(() => {});
    const dns = await dnsFor(port, { maxWaiting: 100, timeout: '200ms' });
    const results = await Promise.allSettled(
      Array.from({ length: 10_000 }, (_, i) => dns.resolve(`n${i}.test`)),
    );
    const codes = results.map((each) => (each.status === 'rejected' ? each.reason.code : 'answered'));
    expect(codes.filter((code) => code === 'ERR_DNS_NO_ANSWER').length).toBe(100);
    expect(codes.filter((code) => code === 'ERR_DNS_BUSY').length).toBe(9900);
  });
});

test('a service that has ended asks no more; another server that is named is asked from then on', async () => {
  const first = await nameServer(() => {});
  const second = await nameServer((query) => query.answer([a(query.name, '10.0.0.2')]));
  const node = await testNode({ watchdog: false });
  const skynet = await livingService(node);
  const dns = createDns(skynet, { hosts: false, retry: '5ms' });
  await dns.server('127.0.0.1', first.port);
  const moved = dns.resolve('moved.test');
  await expect.poll(() => first.asked.length).toBeGreaterThan(1);
  await dns.server('127.0.0.1', second.port);
  expect((await moved)[0]).toBe('10.0.0.2');
  await dns.server('127.0.0.1', first.port);
  dns.resolve('lost.test').catch(() => {});
  await expect.poll(() => first.asked.includes('A lost.test')).toBe(true);
  await node.run((other) => other.kill(skynet.self()));
  // What was on its way has come when another question is answered that needs several attempts.
  const barrier = async (): Promise<number> => {
    let asked = 0;
    const { port } = await nameServer((query) => ++asked > 5 && query.answer([a(query.name, '10.0.0.3')]));
    await (await dnsFor(port, { retry: '5ms' })).resolve('barrier.test');
    return first.asked.length;
  };
  const after = await barrier();
  expect(await barrier()).toBe(after);
});

describe('files', () => {
  function file(text: string): string {
    const folder = mkdtempSync(path.join(tmpdir(), 'skynet-dns-'));
    closing.push(() => rmSync(folder, { recursive: true }));
    const name = path.join(folder, 'file');
    writeFileSync(name, text);
    return name;
  }

  test('the hosts file comes before the server, each family for itself', async () => {
    const hosts = file(
      '# names\n10.1.1.1  One.Test two.test # comment\n10.1.1.2\tone.test\n::0:5 one.test\nnonsense\n',
    );
    const { port, asked } = await nameServer((query) => query.answer([], {}, 0x183));
    const dns = await dnsFor(port, { hosts });
    expect(await dns.resolve('one.test')).toEqual(['10.1.1.1', ['10.1.1.1', '10.1.1.2']]);
    expect(await dns.resolve('ONE.test', true)).toEqual(['::5', ['::5']]);
    await expect(dns.resolve('two.test', true)).rejects.toMatchObject({ code: 'ERR_DNS_NO_ANSWER' });
    expect(asked).toEqual(['AAAA two.test']);
  });

  test('resolv.conf is used where no server was named; without one in it that is told', async () => {
    const skynet = await livingService(await testNode({ watchdog: false }));
    const dns = createDns(skynet, { resolvConf: file('search x\nnameserver 127.0.0.53\nnameserver ::1\n') });
    expect(await dns.server()).toBe('127.0.0.53');
    const lost = createDns(skynet, { hosts: false, resolvConf: file('options x\n') });
    await expect(lost.resolve('a.test')).rejects.toMatchObject({ code: 'ERR_DNS_SERVER' });
    await expect(dns.server('no-ip')).rejects.toMatchObject({ code: 'ERR_ADDRESS_INVALID' });
  });
});

test('the service knows for the whole node what one has asked for', async () => {
  const { port, asked } = await nameServer((query) => query.answer([a(query.name, '10.0.0.1')]));
  const node = await testNode({ watchdog: false });
  const got = await node.run(async (skynet) => {
    const dns = skynet.proxy<DnsCommands>(await skynet.newService(dnsService, '127.0.0.1', port));
    const first = await dns.GETIP('a.test');
    await dns.GETIP('a.test');
    await dns.FLUSH();
    await dns.GETIP('a.test');
    return first;
  });
  expect(got).toEqual(['10.0.0.1', ['10.0.0.1']]);
  expect(asked.length).toBe(2);
});

test('whatever bytes come, reading them throws nothing and finds no address of the wrong kind', () => {
  const asked = { name: 'a.test', type: 'A' } as const;
  const good = encode({
    type: 'response',
    id: 1,
    questions: [asked],
    answers: [a('a.test', '10.0.0.1'), { type: 'CNAME', name: 'a.test', data: 'b.test', ttl: 1 }],
  });
  const damaged = fc
    .tuple(fc.array(fc.tuple(fc.nat(good.length - 1), fc.nat(255)), { maxLength: 6 }), fc.nat(good.length))
    .map(([changes, length]) => {
      const bytes = Uint8Array.from(good);
      for (const [at, byte] of changes) bytes[at] = byte;
      return bytes.subarray(0, length);
    });
  fc.assert(
    fc.property(fc.oneof(damaged, fc.uint8Array({ maxLength: 300 })), (bytes) => {
      for (const address of readReply(bytes, asked)?.addresses ?? [])
        expect(address).toMatch(/^\d+(\.\d+){3}$/);
    }),
    { numRuns: 1000 },
  );
});

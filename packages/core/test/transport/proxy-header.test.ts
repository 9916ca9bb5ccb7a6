import { isIPv4 } from 'node:net';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { crc32c } from '../../src/transport/crc32c.ts';
import { readProxyHeader } from '../../src/transport/proxy-header.ts';

const SIGNATURE = '0d0a0d0a000d0a515549540a';
const hex = (text: string): Buffer => Buffer.from(text.replaceAll(/\s/g, ''), 'hex');
const line = (text: string): Buffer => Buffer.from(`${text}\r\n`, 'latin1');

/** A binary header with its length: version and command, family, and what follows. */
function binary(versionAndCommand: string, family: string, rest = ''): Buffer {
  const bytes = hex(rest);
  const length = Buffer.alloc(2);
  length.writeUInt16BE(bytes.length);
  return Buffer.concat([hex(SIGNATURE + versionAndCommand + family), length, bytes]);
}

/** Addresses of both families: from 203.0.113.9:5555 and [2001:db8::9]:5555. */
const V4 = 'cb007109 0a000001 15b3 01bb';
const V6 = '20010db8000000000000000000000009 20010db8000000000000000000000001 15b3 01bb';

/** As HAProxy 2.6 sent them: `send-proxy`, `send-proxy-v2`, and that with `crc32c` and `unique-id`. */
const FROM_HAPROXY: readonly [name: string, hex: string, source: string | undefined][] = [
  [
    'version 1',
    '50524f58592054435034203132372e302e302e31203132372e302e302e312034343334342032343130310d0a',
    '127.0.0.1:44344',
  ],
  ['version 1 over IPv6', '50524f58592054435036203a3a31203a3a312035303538322032343130310d0a', '[::1]:50582'],
  ['version 2', '0d0a0d0a000d0a515549540a2111000c7f0000017f000001ce305e26', '127.0.0.1:52784'],
  [
    'version 2 over IPv6',
    '0d0a0d0a000d0a515549540a21210024000000000000000000000000000000010000000000000000000000000000000180545e26',
    '[::1]:32852',
  ],
  [
    'version 2 with a checksum and an id',
    `0d0a0d0a000d0a515549540a2111003a7f0000017f000001dafe5e27030004b54e960d05002437463030303030313a444146455f3746
     3030303030313a354532375f3642304137443035`,
    '127.0.0.1:56062',
  ],
  [
    'version 2 over IPv6 with a checksum and an id',
    `0d0a0d0a000d0a515549540a212100820000000000000000000000000000000100000000000000000000000000000001ecf85e270300
     046a5c9a7005005430303030303030303030303030303030303030303030303030303030303030313a454346385f3030303030303030
     3030303030303030303030303030303030303030303030313a354532375f3642304137443035`,
    '[::1]:60664',
  ],
  ['version 2, the look whether a server lives', '0d0a0d0a000d0a515549540a20000007030004a9b87e8f', undefined],
];

/** As the specification has them, and what it allows. */
const OTHERS: readonly [name: string, bytes: Buffer, source: string | undefined][] = [
  ['the example', line('PROXY TCP4 192.168.0.1 192.168.0.11 56324 443'), '192.168.0.1:56324'],
  [
    'the longest of version 4',
    line('PROXY TCP4 255.255.255.255 255.255.255.255 65535 65535'),
    '255.255.255.255:65535',
  ],
  [
    'the longest of version 6',
    line(`PROXY TCP6 ${'ffff:'.repeat(7)}ffff ${'ffff:'.repeat(7)}ffff 65535 65535`),
    `[${'ffff:'.repeat(7)}ffff]:65535`,
  ],
  ['an address in a long form', line('PROXY TCP6 2001:DB8:0:0::9 ::1 1 2'), '[2001:db8::9]:1'],
  ['one of version 4 in the form of 6', line('PROXY TCP6 ::ffff:203.0.113.9 ::1 1 2'), '203.0.113.9:1'],
  ['unknown', line('PROXY UNKNOWN'), undefined],
  [
    'unknown, the longest',
    line(`PROXY UNKNOWN ${'ffff:'.repeat(7)}ffff ${'ffff:'.repeat(7)}ffff 65535 65535`),
    undefined,
  ],
  ['TCP over IPv4', binary('21', '11', V4), '203.0.113.9:5555'],
  ['UDP over IPv4', binary('21', '12', V4), '203.0.113.9:5555'],
  ['TCP over IPv6', binary('21', '21', V6), '[2001:db8::9]:5555'],
  [
    'IPv4 in the form of IPv6',
    binary('21', '21', `00000000000000000000ffffcb007109 ${'00'.repeat(16)} 15b3 01bb`),
    '203.0.113.9:5555',
  ],
  ['a unix socket', binary('21', '31', '2f'.repeat(216)), undefined],
  ['nothing known', binary('21', '00'), undefined],
  ['nothing known, with bytes', binary('21', '00', 'abcdef'), undefined],
  ['the proxy itself, whatever it says besides', binary('20', '11', V4), undefined],
  ['the proxy itself, of a strange family', binary('20', 'ff', 'ab'), undefined],
  [
    'additions of many kinds',
    binary('21', '11', `${V4} 01000268 32 04 0000 e0 0003 616263`),
    '203.0.113.9:5555',
  ],
];

const NONE: readonly [name: string, bytes: Buffer, flaw: string][] = [
  ['something else', Buffer.from('GET / HTTP/1.1\r\n'), 'no PROXY header'],
  ['almost text', Buffer.from('PROXY\t'), 'no PROXY header'],
  ['small letters', Buffer.from('proxy TCP4'), 'no PROXY header'],
  ['almost binary', hex('0d0a0d0a000d0a51554954 0b'), 'no PROXY header'],
  ['a line without an end', Buffer.from(`PROXY TCP4 ${'1'.repeat(96)}`), 'a PROXY line without an end'],
  ['a line that ends too late', line(`PROXY UNKNOWN ${'x'.repeat(92)}`), 'a PROXY line without an end'],
  ...[
    'PROXY ',
    'PROXY TCP4',
    'PROXY TCP5 1.2.3.4 1.2.3.4 1 2',
    'PROXY TCP4 1.2.3.4 1.2.3.4 1',
    'PROXY TCP4 1.2.3.4 1.2.3.4 1 2 3',
    'PROXY TCP4  1.2.3.4 1.2.3.4 1 2',
    'PROXY TCP4 1.2.3.4 1.2.3.4 1 65536',
    'PROXY TCP4 1.2.3.4 1.2.3.4 01 2',
    'PROXY TCP4 1.2.3.4 1.2.3.4 -1 2',
    'PROXY TCP4 1.2.3.4 1.2.3.4 0x1 2',
    'PROXY TCP4 1.2.3.04 1.2.3.4 1 2',
    'PROXY TCP4 1.2.3.256 1.2.3.4 1 2',
    'PROXY TCP4 1.2.3 1.2.3.4 1 2',
    'PROXY TCP4 ::1 ::1 1 2',
    'PROXY TCP6 1.2.3.4 ::1 1 2',
    'PROXY TCP6 ::1 1.2.3.4 1 2',
    'PROXY TCP6 fe80::1%eth0 ::1 1 2',
    'PROXY TCP6 [::1] ::1 1 2',
    'PROXY TCP4 a.example 1.2.3.4 1 2',
  ].map((text): [string, Buffer, string] => [text, line(text), 'a PROXY line that cannot be read']),
  ['version 3', binary('31', '11', V4), 'a PROXY header of an unknown version'],
  ['command 2', binary('22', '11', V4), 'a PROXY header of an unknown version'],
  ['family 4', binary('21', '41', V4), 'a PROXY header of an unknown family'],
  ['protocol 3', binary('21', '13', V4), 'a PROXY header of an unknown family'],
  ['no protocol', binary('21', '10', V4), 'a PROXY header of an unknown family'],
  ['no family', binary('21', '01', V4), 'a PROXY header of an unknown family'],
  ['no addresses', binary('21', '11'), 'a PROXY header that is too short'],
  ['addresses of the other family', binary('21', '21', V4), 'a PROXY header that is too short'],
  ['half an addition', binary('21', '11', `${V4} 0400`), 'a PROXY header whose additions do not fit'],
  ['too long an addition', binary('21', '11', `${V4} 040002ff`), 'a PROXY header whose additions do not fit'],
  [
    'a small checksum',
    binary('21', '11', `${V4} 030002ffff`),
    'a PROXY header whose checksum has another size',
  ],
  ['a wrong checksum', binary('21', '11', `${V4} 03000400000000`), 'a PROXY header whose checksum is wrong'],
];

describe('a PROXY header', () => {
  const all = [...FROM_HAPROXY.map(([name, text, source]) => [name, hex(text), source] as const), ...OTHERS];

  it.each(all)('%s', (_, header, source) => {
    const expected = { source, size: header.length };
    expect(readProxyHeader(header)).toEqual(expected);
    expect(readProxyHeader(Buffer.concat([header, Buffer.from('what follows\r\n')]))).toEqual(expected);
    for (let size = 0; size < header.length; size++)
      expect(readProxyHeader(header.subarray(0, size)), `${size} bytes`).toBeUndefined();
  });

  it.each(NONE)('is none: %s', (_, bytes, flaw) => {
    expect(readProxyHeader(bytes)).toEqual({ flaw });
  });

  it('is refused by what it announces, before all that has come', () => {
    const head = hex(`${SIGNATURE}21114000`);
    expect(readProxyHeader(head)).toEqual({ flaw: 'a PROXY header of 16400 bytes' });
    const largest = binary('21', '11', `${V4} 043fe1 ${'00'.repeat(0x3fe1)}`);
    expect(readProxyHeader(largest)).toEqual({ source: '203.0.113.9:5555', size: 16_384 });
  });

  it('with one bit changed is noticed by its checksum', () => {
    const header = hex(FROM_HAPROXY[4]?.[1] ?? '');
    for (let bit = 16 * 8; bit < header.length * 8; bit++) {
      const changed = Buffer.from(header);
      changed[bit >> 3] = (changed[bit >> 3] as number) ^ (1 << (bit & 7));
      // Where the addition is no checksum any more, nobody can know.
      const isChecksum = changed[28] === 3;
      const result = readProxyHeader(changed);
      if (isChecksum) expect(result, `bit ${bit}`).toHaveProperty('flaw');
      else expect(result, `bit ${bit}`).not.toBeUndefined();
    }
  });

  it('made of any addresses is read as them, and leaves what follows', () => {
    const port = fc.integer({ min: 0, max: 0xffff });
    fc.assert(
      fc.property(fc.ipV4(), fc.ipV4(), port, port, fc.uint8Array(), (from, to, fromPort, toPort, rest) => {
        const source = `${from}:${fromPort}`;
        const header = line(`PROXY TCP4 ${from} ${to} ${fromPort} ${toPort}`);
        expect(readProxyHeader(Buffer.concat([header, rest]))).toEqual({ source, size: header.length });
        const addresses = Buffer.alloc(12);
        for (const [i, byte] of [...from.split('.'), ...to.split('.')].entries()) addresses[i] = Number(byte);
        addresses.writeUInt16BE(fromPort, 8);
        addresses.writeUInt16BE(toPort, 10);
        expect(readProxyHeader(binary('21', '11', addresses.toString('hex')))).toEqual({ source, size: 28 });
      }),
    );
  });

  it('of any bytes is read, refused or waited for, never anything else', () => {
    const beginnings = [
      hex(SIGNATURE),
      hex(`${SIGNATURE}2111`),
      hex(`${SIGNATURE}2121`),
      Buffer.from('PROXY TCP4 '),
    ];
    fc.assert(
      fc.property(
        fc.constantFrom(Buffer.alloc(0), ...beginnings),
        fc.uint8Array({ maxLength: 400 }),
        (beginning, rest) => {
          const bytes = Buffer.concat([beginning, rest]);
          const result = readProxyHeader(bytes);
          if (result === undefined || 'flaw' in result) return;
          expect(result.size).toBeLessThanOrEqual(bytes.length);
          if (result.source === undefined) return;
          expect(result.source).toMatch(/^(\d+\.\d+\.\d+\.\d+|\[[0-9a-f:.]+\]):\d{1,5}$/);
          if (!result.source.startsWith('['))
            expect(isIPv4(result.source.slice(0, result.source.indexOf(':')))).toBe(true);
        },
      ),
      { numRuns: 2000 },
    );
  });
});

it('crc32c has the sums of RFC 3720, B.4', () => {
  expect(crc32c(Buffer.from('123456789'))).toBe(0xe306_9283);
  expect(crc32c(Buffer.alloc(32))).toBe(0x8a91_36aa);
  expect(crc32c(Buffer.alloc(32, 255))).toBe(0x62a8_ab43);
  expect(crc32c(Uint8Array.from({ length: 32 }, (_, i) => i))).toBe(0x46dd_794e);
});

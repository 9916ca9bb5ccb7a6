import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hopsOf } from '../../src/ws/forwarded.ts';

describe('X-Forwarded-For', () => {
  it.each([
    ['', []],
    ['203.0.113.9', ['203.0.113.9:0']],
    ['203.0.113.9, 10.0.0.1', ['10.0.0.1:0', '203.0.113.9:0']],
    ['203.0.113.9,10.0.0.1 ,\t10.0.0.2', ['10.0.0.2:0', '10.0.0.1:0', '203.0.113.9:0']],
    ['203.0.113.9:4711', ['203.0.113.9:4711']],
    ['2001:DB8::9', ['[2001:db8::9]:0']],
    ['[2001:db8::9]', ['[2001:db8::9]:0']],
    ['[2001:db8::9]:443', ['[2001:db8::9]:443']],
    ['::ffff:203.0.113.9', ['203.0.113.9:0']],
    ['unknown, 10.0.0.1', ['10.0.0.1:0', undefined]],
    [', , 10.0.0.1,', ['10.0.0.1:0']],
    ['anything, 10.0.0.1', ['10.0.0.1:0', null]],
    ['203.0.113.9:99999', [null]],
    ['203.0.113.09', [null]],
    ['fe80::1%eth0', [null]],
    ['"203.0.113.9"', [null]],
    ['for=203.0.113.9', [null]],
    ['203.0.113.9 10.0.0.1', [null]],
  ])('%j', (value, hops) => {
    expect([...hopsOf('x-forwarded-for', value)]).toEqual(hops);
  });
});

describe('Forwarded', () => {
  it.each([
    ['', []],
    // The examples of RFC 7239, 4.
    ['for="_gazonk"', [undefined]],
    ['For="[2001:db8:cafe::17]:4711"', ['[2001:db8:cafe::17]:4711']],
    ['for=192.0.2.60;proto=http;by=203.0.113.43', ['192.0.2.60:0']],
    ['for=192.0.2.43, for=198.51.100.17', ['198.51.100.17:0', '192.0.2.43:0']],
    ['for=192.0.2.43, for="[2001:db8:cafe::17]"', ['[2001:db8:cafe::17]:0', '192.0.2.43:0']],
    [
      'for=192.0.2.43,for="[2001:db8:cafe::17]",for=unknown',
      [undefined, '[2001:db8:cafe::17]:0', '192.0.2.43:0'],
    ],
    ['for=_hidden, for=_SEVKISEK', [undefined, undefined]],
    ['for="192.0.2.43:47011"', ['192.0.2.43:47011']],
    ['for="192.0.2.43:_port"', ['192.0.2.43:0']],
    ['proto=https;FOR=192.0.2.1;host="a, b; c=\\"d\\""', ['192.0.2.1:0']],
    ['by=10.0.0.1', [undefined]],
    [';;for=192.0.2.1;', ['192.0.2.1:0']],
    [' for=192.0.2.1 , , for=192.0.2.2 ', ['192.0.2.2:0', '192.0.2.1:0']],
    ['for="\\1\\92.0.2.1"', ['192.0.2.1:0']],
    // An address that is none, among others.
    ['for=192.0.2.1, for=300.0.0.1', [null, '192.0.2.1:0']],
    ['for=me.example', [null]],
    ['for="2001:db8::1"', [null]],
    ['for="[192.0.2.1]"', [null]],
    ['for="192.0.2.1:99999"', [null]],
    // What is no list of pairs.
    ['for=2001:db8::1', [null]],
    ['for', [null]],
    ['for=', [null]],
    ['for =192.0.2.1', [null]],
    ['for=192.0.2.1 for=192.0.2.2', [null]],
    ['for=192.0.2.1;for=192.0.2.2', [null]],
    ['for="192.0.2.1', [null]],
    ['192.0.2.1', [null]],
    ['for=192.0.2.1\u0000', [null]],
    // A client's quote that has no end swallows what the proxy writes; it must not be taken for the client's address.
    ['for="192.0.2.66, for=192.0.2.1', [null]],
    ['for="192.0.2.66, for="[2001:db8::1]"', [null]],
  ])('%j', (value, hops) => {
    expect([...hopsOf('forwarded', value)]).toEqual(hops);
  });

  it('of any kind gives addresses, or nothing', () => {
    const piece = fc.constantFrom(
      'for',
      '=',
      '"',
      ',',
      ';',
      ' ',
      '1.2.3.4',
      '[::1]',
      '\\',
      'unknown',
      ':80',
      '_x',
      'by',
    );
    const text = fc.oneof(
      fc.string(),
      fc.array(piece, { maxLength: 30 }).map((pieces) => pieces.join('')),
    );
    fc.assert(
      fc.property(
        text,
        fc.constantFrom('forwarded' as const, 'x-forwarded-for' as const),
        (value, header) => {
          for (const hop of hopsOf(header, value))
            if (typeof hop === 'string')
              expect(hop).toMatch(/^(\d+\.\d+\.\d+\.\d+|\[[0-9a-f:.]+\]):\d{1,5}$/);
        },
      ),
      { numRuns: 3000 },
    );
  });

  it('takes no longer than its length for anything', () => {
    for (const evil of [
      '"'.repeat(16_000),
      'for="'.padEnd(16_000, '\\'),
      ' ,'.repeat(8000),
      `${'a'.repeat(16_000)}=`,
      '['.padEnd(16_000, ':'),
    ])
      for (const header of ['forwarded', 'x-forwarded-for'] as const)
        expect([...hopsOf(header, evil)].every((hop) => typeof hop !== 'string')).toBe(true);
  });
});

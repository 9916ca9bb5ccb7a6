import { AddressTable, networkOf } from '@skynet/core/transport';
import { describe, expect, test } from 'vitest';

describe('limits for each address', () => {
  test.each([
    ['127.0.0.1:80', '127.0.0.1'],
    ['::ffff:10.1.2.3:80', '10.1.2.3'],
    ['[2001:db8:1:2:3:4:5:6]:80', '2001:db8:1:2::/64'],
    ['2001:0db8:1:2::9:80', '2001:db8:1:2::/64'],
    ['[::1]:80', '0:0:0:0::/64'],
    ['[fe80::1%eth0]:80', 'fe80:0:0:0::/64'],
    ['/run/socket', '/run/socket'],
    ['%%\n', ''],
  ])('%s counts as %s', (address, network) => {
    expect(networkOf(address)).toBe(network);
  });

  test('failures are forgotten after a minute, and of too many addresses the oldest', () => {
    let now = 0;
    const table = new AddressTable(0, 2, () => now);
    table.failed('a');
    table.failed('a');
    expect(table.refusal('a')).toMatch(/2 failures/);
    now = 60_000;
    expect(table.refusal('a')).toBeUndefined();
    table.failed('a');
    table.failed('a');
    for (let i = 0; i < 65_536; i++) table.failed(`n${i}`);
    expect(table.refusal('a')).toBeUndefined();
    table.failed('n65535');
    expect(table.refusal('n65535')).toMatch(/failures/);
  });
});

import { isSkynetError } from '@skynet/core';
import { describe, expect, test } from 'vitest';
import { hostPort, joinHostPort, transportUrl } from '../src/address.ts';

describe('addresses', () => {
  test.each([
    ['127.0.0.1:8001', undefined, 'tcp://127.0.0.1:8001'],
    ['127.0.0.1', 8001, 'tcp://127.0.0.1:8001'],
    ['localhost', '8001', 'tcp://localhost:8001'],
    ['[::1]:8001', undefined, 'tcp://[::1]:8001'],
    ['::1', 8001, 'tcp://[::1]:8001'],
    ['[::1]', 8001, 'tcp://[::1]:8001'],
    ['tls://example.org:443', undefined, 'tls://example.org:443'],
    ['unix:///tmp/a.sock', undefined, 'unix:///tmp/a.sock'],
    ['memory://room', undefined, 'memory://room'],
  ])('%s %s', (address, port, expected) => {
    expect(transportUrl(address, port, 'open')).toBe(expected);
  });

  test('port 0 is for listening only', () => {
    expect(transportUrl('127.0.0.1:0', undefined, 'listen')).toBe('tcp://127.0.0.1:0');
    expect(() => transportUrl('127.0.0.1', 0, 'open')).toThrow('Invalid port');
    expect(() => transportUrl('127.0.0.1:0', undefined, 'open')).toThrow(
      'Invalid port in address 127.0.0.1:0.',
    );
  });

  test.each([
    ['nowhere', undefined, 'Invalid address nowhere.'],
    ['', undefined, 'Invalid address .'],
    [':80', undefined, 'Invalid address :80.'],
    ['::1', undefined, 'Invalid address ::1.'],
    ['[::1', 80, 'Invalid address [::1.'],
    ['[zz]:80', undefined, 'Invalid address [zz].'],
    ['a:b', undefined, 'Invalid port in address a:b.'],
    ['a:', undefined, 'Invalid port in address a:.'],
    ['a:65536', undefined, 'Invalid port in address a:65536.'],
    ['a', -1, 'Invalid port'],
    ['a', 1.5, 'Invalid port'],
    ['a', Number.NaN, 'Invalid port'],
    ['a', 'http', 'Invalid port'],
    [undefined as unknown as string, undefined, 'Invalid address undefined.'],
  ])('%s %s is refused', (address, port, text) => {
    let error: unknown;
    try {
      hostPort(address, port, 'open');
    } catch (thrown) {
      error = thrown;
    }
    expect(isSkynetError(error, 'ERR_ADDRESS_INVALID')).toBe(true);
    expect((error as Error).message).toBe(text);
  });

  test('joinHostPort puts brackets where they are needed', () => {
    expect(joinHostPort('::1', 5)).toBe('[::1]:5');
    expect(joinHostPort('1.2.3.4', 5)).toBe('1.2.3.4:5');
  });
});

import { isSkynetError } from '@skynet/core';
import { createTransports, memory, parseAddress, tcp } from '@skynet/core/transport';
import { describe, expect, it } from 'vitest';

const nobody = (): void => {};

describe('parseAddress', () => {
  it.each([
    ['127.0.0.1:8888', { scheme: 'tcp', host: '127.0.0.1', port: 8888, path: '' }],
    ['tcp://0.0.0.0:8888', { scheme: 'tcp', host: '0.0.0.0', port: 8888, path: '' }],
    ['TCP://localhost:1', { scheme: 'tcp', host: 'localhost', port: 1, path: '' }],
    ['tcp://[::1]:65535', { scheme: 'tcp', host: '::1', port: 65535, path: '' }],
    [':80', { scheme: 'tcp', host: '0.0.0.0', port: 80, path: '' }],
    ['tls://example.com:443', { scheme: 'tls', host: 'example.com', port: 443, path: '' }],
    ['ws://example.com:80/game', { scheme: 'ws', host: 'example.com', port: 80, path: '/game' }],
    ['unix:///run/skynet.sock', { scheme: 'unix', host: '', port: 0, path: '/run/skynet.sock' }],
    ['memory://hall', { scheme: 'memory', host: '', port: 0, path: 'hall' }],
  ])('takes %s apart', (text, expected) => {
    expect(parseAddress(text)).toEqual(expected);
  });

  it.each([
    ['', 'Invalid address .'],
    ['localhost', 'Invalid address localhost.'],
    ['::1:80', 'Invalid address ::1:80.'],
    ['a b:80', 'Invalid address a b:80.'],
    ['a\0b:80', 'Invalid address a\0b:80.'],
    ['tcp://[::1\0]:80', 'Invalid address tcp://[::1\0]:80.'],
    ['unix:///a\0b', 'Invalid address unix:///a\0b.'],
    ['unix://', 'Invalid address unix://.'],
    ['memory://', 'Invalid address memory://.'],
    ['localhost:', 'Invalid port in address localhost:.'],
    ['localhost:http', 'Invalid port in address localhost:http.'],
    ['localhost:65536', 'Invalid port in address localhost:65536.'],
    ['localhost:-1', 'Invalid port in address localhost:-1.'],
  ])('refuses %j', (text, message) => {
    expect(() => parseAddress(text)).toThrow(
      expect.objectContaining({ code: 'ERR_ADDRESS_INVALID', message }),
    );
  });
});

describe('createTransports', () => {
  it('names the schemes it has when it is asked for another', async () => {
    const transports = createTransports([tcp(), memory()]);
    const expected = expect.objectContaining({
      code: 'ERR_ADDRESS_INVALID',
      message: 'no transport for ws://localhost:1: this node has tcp, unix, memory',
    });
    await expect(transports.connect('ws://localhost:1')).rejects.toEqual(expected);
    await expect(transports.listen('ws://localhost:1', {}, nobody)).rejects.toEqual(expected);
  });

  it('rejects a malformed address instead of throwing', async () => {
    const transports = createTransports([tcp()]);
    await expect(transports.connect('nonsense')).rejects.toSatisfy((e) =>
      isSkynetError(e, 'ERR_ADDRESS_INVALID'),
    );
    await expect(transports.listen('nonsense', {}, nobody)).rejects.toSatisfy((e) =>
      isSkynetError(e, 'ERR_ADDRESS_INVALID'),
    );
  });

  it('does not connect to port 0', async () => {
    const transports = createTransports([tcp()]);
    await expect(transports.connect('localhost:0')).rejects.toEqual(
      expect.objectContaining({ code: 'ERR_ADDRESS_INVALID', message: 'Invalid port' }),
    );
  });

  it('takes the last of two transports for a scheme', async () => {
    const [first, second] = [memory(), memory()];
    await createTransports([second]).listen('memory://here', {}, nobody);
    await expect(createTransports([first, second]).connect('memory://here')).resolves.toBeDefined();
  });

  it('shares nothing between two nodes, unless they are given the same transport', async () => {
    const shared = memory();
    const one = createTransports([shared]);
    const two = createTransports([memory()]);
    const three = createTransports([shared]);
    await one.listen('memory://hall', {}, nobody);
    await two.listen('memory://hall', {}, nobody);
    await expect(three.listen('memory://hall', {}, nobody)).rejects.toSatisfy((e) =>
      isSkynetError(e, 'ERR_LISTEN'),
    );
  });

  it.each([
    ['tcp', () => tcp({ noDelay: 1 } as never), 'tcp option noDelay must be true or false, not 1', 'noDelay'],
    [
      'tcp',
      () => tcp({ keepAlive: -1 }),
      'tcp option keepAlive must be a whole number from 0 on, not -1',
      'keepAlive',
    ],
    [
      'tcp',
      () => tcp({ keepalive: 1 } as never),
      'unknown tcp option "keepalive", perhaps keepAlive is meant',
      'keepalive',
    ],
    ['memory', () => memory({ size: 1 }), 'unknown memory option "size"', 'size'],
  ])('%s refuses options it does not know or cannot use', (_, make, message, key) => {
    expect(make).toThrow(
      expect.objectContaining({
        code: 'ERR_ARGUMENT',
        message: expect.stringContaining(message),
        details: expect.objectContaining({ key }),
      }),
    );
  });
});

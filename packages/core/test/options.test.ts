import { describe, expect, test } from 'vitest';
import { nearest } from '../src/nearest.ts';
import { readOptions, type TlsOptions } from '../src/options.ts';

interface Given {
  host?: string;
  port?: number;
  mode?: 'fast' | 'safe';
  timeout?: number | string;
  quiet?: boolean;
  work?: () => void;
  limits?: { size?: number; perAddress?: number };
}

function read(given: unknown, others = false) {
  return readOptions('test option', given as Given, (options) => {
    if (others) options.allowOthers();
    const limits = options.group('limits');
    options.callable('work', false);
    return {
      host: options.text('host', '0.0.0.0'),
      port: options.whole('port', 0, 65_535, undefined) ?? options.wrong('port', 'given'),
      mode: options.oneOf('mode', ['fast', 'safe'], 'safe'),
      timeout: options.duration('timeout', 10_000),
      quiet: options.flag('quiet', false),
      size: limits.whole('size', 1, 100, 10),
      perAddress: limits.whole('perAddress', 0, 0x7fff_ffff, 256),
    };
  });
}

test('options are read, and those not given, or given as nothing, have their defaults', () => {
  expect(read({ port: 1 })).toEqual({
    host: '0.0.0.0',
    port: 1,
    mode: 'safe',
    timeout: 10_000,
    quiet: false,
    size: 10,
    perAddress: 256,
  });
  const all = {
    port: 0,
    host: '::1',
    mode: 'fast',
    timeout: '2s',
    quiet: true,
    work() {},
    limits: { size: 5 },
  };
  expect(read(all)).toMatchObject({
    host: '::1',
    port: 0,
    mode: 'fast',
    timeout: 2000,
    quiet: true,
    size: 5,
  });
  expect(read({ port: 7, host: undefined, mode: null, limits: null, extra: undefined })).toMatchObject({
    port: 7,
  });
  expect(read(Object.assign(Object.create({ host: 'inherited' }), { port: 7 })).host).toBe('inherited');
});

describe('what cannot be used is refused by name', () => {
  test.each([
    [{ port: 70_000 }, 'port', 'test option port must be a whole number from 0 to 65535, not 70000'],
    [{ port: '80' }, 'port', 'test option port must be a whole number from 0 to 65535, not "80"'],
    [{}, 'port', 'test option port must be given'],
    [{ port: 1, host: '' }, 'host', 'test option host must be text that is not empty, not ""'],
    [{ port: 1, host: ['a'] }, 'host', 'test option host must be text that is not empty, not a list'],
    [{ port: 1, mode: 'slow' }, 'mode', 'test option mode must be one of fast, safe, not "slow"'],
    [
      { port: 1, timeout: -1 },
      'timeout',
      'test option timeout must be a duration such as "5s", or hundredths of a second from 0, not -1',
    ],
    [{ port: 1, timeout: {} }, 'timeout', /^test option timeout must be a duration .* not an object$/],
    [{ port: 1, quiet: 1 }, 'quiet', 'test option quiet must be true or false, not 1'],
    [{ port: 1, work: 'x' }, 'work', 'test option work must be a function, not "x"'],
    [
      { port: 1, limits: { size: 0 } },
      'limits.size',
      'test option limits.size must be a whole number from 1 to 100, not 0',
    ],
    [
      { port: 1, limits: { perAddress: -1 } },
      'limits.perAddress',
      /must be a whole number from 0 on, not -1$/,
    ],
    [{ port: 1, limits: 'secret' }, 'limits', 'test option limits must be an object, not string'],
    [{ port: Symbol('x') }, 'port', /not Symbol\(x\)$/],
    [undefined, '', 'test options must be an object, not undefined'],
    [[], '', 'test options must be an object, not a list'],
  ])('%j', (given, key, message) => {
    expect(() => read(given)).toThrow(
      expect.objectContaining({
        code: 'ERR_ARGUMENT',
        message: typeof message === 'string' ? message : expect.stringMatching(message),
        details: { key },
      }),
    );
  });

  test.each([
    [{ prot: 1 }, { key: 'prot', meant: 'port' }, 'unknown test option "prot", perhaps port is meant'],
    [
      { port: 1, Host: 'a' },
      { key: 'Host', meant: 'host' },
      'unknown test option "Host", perhaps host is meant',
    ],
    [
      { port: 1, limits: { perAdress: 1 } },
      { key: 'limits.perAdress', meant: 'limits.perAddress' },
      'unknown test option "limits.perAdress", perhaps limits.perAddress is meant',
    ],
    [
      { port: 1, colour: 1 },
      { key: 'colour' },
      'unknown test option "colour"; there are: limits, work, host, port, mode, timeout, quiet',
    ],
  ])('%j', (given, details, message) => {
    expect(() => read(given)).toThrow(expect.objectContaining({ code: 'ERR_ARGUMENT', message, details }));
  });

  test('keys that are free are, unless they look like a known one', () => {
    expect(read({ port: 1, colour: 1 }, true)).toMatchObject({ port: 1 });
    expect(() => read({ port: 1, hots: 1 }, true)).toThrow('perhaps host is meant');
  });

  test('with an error of the own', () => {
    const make = (message: string): Error => new RangeError(message);
    expect(() => readOptions('x', { a: 1 }, () => 0, make)).toThrow(RangeError);
  });
});

test('the nearest word', () => {
  const words = ['address', 'port', 'maxclient', 'nodelay'];
  expect(nearest('adress', words)).toBe('address');
  expect(nearest('maxClient', words)).toBe('maxclient');
  expect(nearest('maxclents', words)).toBe('maxclient');
  expect(nearest('prot', words)).toBe('port');
  expect(nearest('path', words)).toBeUndefined();
  expect(nearest('x'.repeat(100_000), words)).toBeUndefined();
  expect(nearest('maxclents', words, 1)).toBeUndefined();
});

test('times for timers, secrets and TLS', () => {
  interface Server {
    wait?: number | string;
    password?: string;
    tls?: boolean | TlsOptions;
  }
  const server = (given: unknown) =>
    readOptions('server option', given as Server, (options) => ({
      wait: options.timer('wait', undefined),
      password: options.secret('password'),
      tls: options.tls('tls'),
    }));
  expect(server({})).toEqual({ wait: undefined, password: undefined, tls: undefined });
  expect(server({ wait: '24d', password: '', tls: true })).toEqual({
    wait: 2_073_600_000,
    password: '',
    tls: {},
  });
  expect(server({ tls: false }).tls).toBeUndefined();
  expect(server({ tls: { ca: 'pem', rejectUnauthorized: false } }).tls).toEqual({
    ca: 'pem',
    rejectUnauthorized: false,
  });
  expect(server({ tls: { key: Buffer.of(1) } }).tls).toEqual({ key: Buffer.of(1), rejectUnauthorized: true });
  expect(() => server({ wait: '25d' })).toThrow(/wait must be at most 24 days/);
  expect(() => server({ password: 12_345 })).toThrow(/^(?!.*12345).*password must be text/);
  expect(() => server({ tls: { ca: 5 } })).toThrow(/tls\.ca must be a certificate/);
  expect(() => server({ tls: 'yes' })).toThrow(/tls must be an object/);
  expect(() => server({ tls: { cta: 'pem' } })).toThrow(/perhaps tls\.ca is meant/);
});

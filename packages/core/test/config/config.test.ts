import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { isSkynetError, loadConfig, resolveConfig, type SkynetConfig } from '@skynet/core';
import { memory } from '@skynet/core/transport';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'skynet-config-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function file(name: string, text: string): string {
  const location = path.join(folder, name);
  writeFileSync(location, text);
  return location;
}

function messageOf(config: unknown): string {
  try {
    resolveConfig(config as SkynetConfig, '/', 'x.config.ts');
  } catch (error) {
    if (isSkynetError(error, 'ERR_CONFIG')) return error.message;
    throw error;
  }
  return 'accepted';
}

describe('resolveConfig', () => {
  test.each([
    [{ thraed: 2 }, 'thread'],
    [{ harbour: 1 }, 'harbor'],
    [{ service: ['./a/?'] }, 'services'],
    [{ logpath: '.' }, 'logPath'],
    [{ loger: 'a.log' }, 'logger'],
  ])('doubts %j', (config, meant) => {
    expect(resolveConfig(config, '/').doubts).toEqual([
      `${Object.keys(config)[0]} is no key of the node's, perhaps ${meant} is meant`,
    ]);
  });

  test('doubts no key that is unlike those of the node, or that stands beside the one it is like', () => {
    const given = { gatePort: 1, myname: 'a', luaservice: 'b', starter: 2, thread: 2, threads: 3 };
    expect(resolveConfig(given, '/').doubts).toEqual([]);
  });

  test('fills in the defaults', () => {
    const { environment, origin: _origin, ...resolved } = resolveConfig({}, '/base');
    expect(resolved).toEqual({
      thread: 1,
      placement: 'same',
      threadHeap: undefined,
      harbor: 0,
      start: 'main',
      startArgs: [],
      services: ['./services/?'],
      preload: undefined,
      logger: undefined,
      logService: undefined,
      logPath: undefined,
      daemon: undefined,
      profile: false,
      callTimeout: 0,
      shutdownTimeout: 5000,
      timeScale: 1,
      transports: [],
      watchdog: true,
      watch: false,
      logWords: 'skynet',
      endlessAfter: 5000,
      endEndlessAfter: 0,
      base: '/base',
      doubts: [],
    });
    expect(Object.fromEntries(environment)).toEqual({
      thread: '1',
      placement: 'same',
      harbor: '0',
      start: 'main',
      startArgs: '',
      services: './services/?',
      profile: 'false',
      callTimeout: '0',
      shutdownTimeout: '5s',
      timeScale: '1',
      endlessAfter: '5s',
      endEndlessAfter: '0',
      watchdog: 'true',
      watch: 'false',
      logWords: 'skynet',
    });
  });

  test('keeps every plain value as text, and no functions', () => {
    const { environment } = resolveConfig(
      {
        thread: 4,
        name: 'Dmaker',
        age: 20,
        debug: true,
        ratio: 0.5,
        hosts: ['a', 'b'],
        absent: undefined,
        transports: [memory()],
      },
      '/',
    );
    expect(Object.fromEntries(environment)).toMatchObject({
      thread: '4',
      name: 'Dmaker',
      age: '20',
      debug: 'true',
      ratio: '0.5',
      hosts: 'a;b',
    });
    expect(environment.has('absent')).toBe(false);
    expect(environment.has('transports')).toBe(false);
  });

  test('files and folders start from the folder of the configuration', () => {
    const config = resolveConfig(
      { logger: 'a.log', preload: './early', daemon: '../x.pid', logPath: '.' },
      folder,
    );
    expect(config).toMatchObject({
      logger: path.join(folder, 'a.log'),
      preload: path.join(folder, 'early'),
      daemon: path.join(folder, '../x.pid'),
      logPath: folder,
    });
    expect(config.environment.get('logPath')).toBe(folder);
    expect(config.environment.get('logger')).toBe('a.log');
  });

  test('turns durations into milliseconds', () => {
    expect(resolveConfig({ callTimeout: 500, shutdownTimeout: '250ms' }, '/')).toMatchObject({
      callTimeout: 5000,
      shutdownTimeout: 250,
    });
  });

  test.each<[object, string]>([
    [{ thread: 0 }, 'thread must be a whole number from 1 to 64, not 0'],
    [{ thread: 65 }, 'thread must be a whole number from 1 to 64, not 65'],
    [{ thread: '2' as never }, 'thread must be a whole number from 1 to 64, not "2"'],
    [{ threadHeap: 1 }, 'threadHeap must be a whole number from 32 to 65536, not 1'],
    [{ harbor: 256 }, 'harbor must be a whole number from 0 to 255, not 256'],
    [{ harbor: 1.5 }, 'harbor must be a whole number from 0 to 255, not 1.5'],
    [{ address: 'nowhere' }, 'address must be an address such as "127.0.0.1:2013", not "nowhere"'],
    [{ master: '1.2.3.4:99999' }, 'master must be an address such as "127.0.0.1:2013", not "1.2.3.4:99999"'],
    [{ standalone: 2013 as never }, 'standalone must be text that is not empty, not 2013'],
    [{ start: '' }, 'start must be text that is not empty, not ""'],
    [{ startArgs: ['a b'] }, 'startArgs must be a list of single words, not "a b"'],
    [{ services: './x/?' as never }, 'services must be a list of texts, not "./x/?"'],
    [{ services: [] }, 'services must be a list of at least one path, not []'],
    [{ services: ['./x'] }, 'services must be a list of paths with ? in the place of the name, not "./x"'],
    [{ logger: 1 as never }, 'logger must be text that is not empty, not 1'],
    [{ logPath: './nowhere' }, 'logPath must be a folder that exists, not "./nowhere"'],
    [{ preload: '' }, 'preload must be text that is not empty, not ""'],
    [{ profile: 1 as never }, 'profile must be true or false, not 1'],
    [{ logService: {} as never }, 'logService must be text that is not empty, not {}'],
    [
      { callTimeout: 'soon' },
      'callTimeout must be a duration such as "5s", or hundredths of a second from 0, not "soon"',
    ],
    [
      { shutdownTimeout: -1 },
      'shutdownTimeout must be a duration such as "5s", or hundredths of a second from 0, not -1',
    ],
    [
      { endlessAfter: 2 ** 31 },
      'endlessAfter must be a duration such as "5s", or hundredths of a second from 0, not 2147483648',
    ],
    [{ timeScale: 0 }, 'timeScale must be a number above 0, not 0'],
    [{ timeScale: Number.POSITIVE_INFINITY }, 'timeScale must be a number above 0, not Infinity'],
    [{ transports: [{} as never] }, 'transports must be a list of transports, such as [tcp()], not [{}]'],
    [{ watchdog: 1 as never }, 'watchdog must be true or false, not 1'],
    [{ consoleToken: '' }, 'consoleToken must be text that is not empty, not ""'],
    [{ 'my key': 1 }, '"my key" must be a key without blanks, not "my key"'],
    [{ mine: { deep: 1 } }, 'mine must be text, a number, a boolean or a list of texts, not {"deep":1}'],
    [{ mine: Number.NaN }, 'mine must be text, a number, a boolean or a list of texts, not NaN'],
    [{ mine: () => 1 }, 'mine must be text, a number, a boolean or a list of texts, not () => 1'],
  ])('refuses %j', (config, message) => {
    expect(messageOf(config)).toBe(`x.config.ts: ${message}`);
  });

  test.each([[undefined], [null], ['text'], [[]]])('refuses %j in place of a configuration', (config) => {
    expect(messageOf(config)).toBe('x.config.ts: the default export must be an object of keys and values');
  });
});

describe('loadConfig', () => {
  test('reads modules and JSON; paths start from their folder', async () => {
    const module = await loadConfig(file('a.mjs', 'export default { thread: 2, mine: "a" };'));
    expect(module).toMatchObject({ thread: 2, base: folder, origin: { file: path.join(folder, 'a.mjs') } });
    expect(module.environment.get('mine')).toBe('a');
    expect(await loadConfig(file('b.json', '{ "harbor": 3 }'))).toMatchObject({ harbor: 3, base: folder });
  });

  test('says which file is wrong, and how', async () => {
    await expect(loadConfig(path.join(folder, 'none.mjs'))).rejects.toMatchObject({
      code: 'ERR_CONFIG',
      message: `configuration file not found: ${path.join(folder, 'none.mjs')}`,
    });
    const broken = file('broken.mjs', 'throw new Error("not today")');
    await expect(loadConfig(broken)).rejects.toMatchObject({
      code: 'ERR_CONFIG',
      message: `configuration file ${broken} cannot be loaded: Error: not today`,
    });
    const bad = file('bad.mjs', 'export default { thread: 0 };');
    await expect(loadConfig(bad)).rejects.toMatchObject({
      code: 'ERR_CONFIG',
      message: expect.stringContaining(`${bad}: thread must be`),
    });
    await expect(loadConfig(file('empty.mjs', 'export const thread = 1;'))).rejects.toMatchObject({
      code: 'ERR_CONFIG',
    });
  });

  test('reads a configuration of the original; paths start from the working directory', async () => {
    file('common', 'root = "./"\nthread = 8');
    const config = await loadConfig(
      file(
        'config',
        `include "common"
        logger = nil
        harbor = 1
        address = "127.0.0.1:2526"; master = '127.0.0.1:2013'
        start = "main" -- main script
        --[[ several
             lines ]]
        luaservice = root.."service/?.lua;"..root.."test/?.lua;"..root.."test/?/init.lua"
        standalone = "0.0.0.0:" .. 2013`,
      ),
    );
    expect(config).toMatchObject({
      thread: 8,
      harbor: 1,
      start: 'main',
      logger: undefined,
      services: ['./service/?', './test/?'],
      base: process.cwd(),
    });
    expect(await loadConfig(file('user', 'logservice = "snlua" logger = "userlog"'))).toMatchObject({
      logger: undefined,
      logService: 'userlog',
    });
    expect(
      await loadConfig(
        file('plain', 'logservice = "logger" logger = "a.log" logpath = "." preload = "p.lua"'),
      ),
    ).toMatchObject({
      logger: path.resolve('a.log'),
      logService: undefined,
      logPath: process.cwd(),
      preload: path.resolve('p'),
    });
    expect(config.environment.get('root')).toBe('./');
    expect(config.environment.get('standalone')).toBe('0.0.0.0:2013');
    expect(config.environment.get('luaservice')).toBe('./service/?.lua;./test/?.lua;./test/?/init.lua');
  });
});

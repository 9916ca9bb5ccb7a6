import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { startFailure } from '../../src/bin/start-failure.ts';
import { SkynetError } from '../../src/index.ts';

const PACKAGE = fileURLToPath(new URL('../..', import.meta.url));

/** A port that somebody listens on while the test runs. */
function takenPort(): Promise<number> {
  const server = createServer();
  onTestFinished(() => void server.close());
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve((server.address() as { port: number }).port));
  });
}

/** The services of a node whose first one has the other open a door. */
const DOOR = {
  'services/main.js': `import { defineService } from '@skynet/core';
export default defineService(async (skynet) => {
  const door = await skynet.newService('door');
  await skynet.call(door, 'lua', 'open', skynet.getenv('gatePort'));
});
`,
  'services/door.js': `import { defineService } from '@skynet/core';
import { kernelOf } from '@skynet/core/kernel';
export default defineService((skynet) => ({
  async open(port) {
    await kernelOf(skynet).listen('127.0.0.1:' + port, {}, () => {});
  },
}));
`,
};

/** Runs the built command in a project of these files. */
function run(
  files: Readonly<Record<string, string>>,
  config: object,
  { env = {}, typed = '' }: { env?: Readonly<Record<string, string>>; typed?: string } = {},
): Promise<{ out: string; error: string }> {
  const folder = mkdtempSync(path.join(tmpdir(), 'skynet-start-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  mkdirSync(path.join(folder, 'node_modules/@skynet'), { recursive: true });
  mkdirSync(path.join(folder, 'services'));
  symlinkSync(PACKAGE, path.join(folder, 'node_modules/@skynet/core'));
  writeFileSync(path.join(folder, 'package.json'), '{ "type": "module" }');
  writeFileSync(path.join(folder, 'config.json'), JSON.stringify({ harbor: 1, watchdog: false, ...config }));
  for (const [name, text] of Object.entries(files)) writeFileSync(path.join(folder, name), text);
  const plain = (text: string): string =>
    text.replaceAll(`file://${folder}/`, '').replaceAll(`${folder}/`, '');
  return new Promise((resolve) => {
    const child = execFile(
      process.execPath,
      [path.join(PACKAGE, 'dist/bin/skynet.js'), 'config.json'],
      { cwd: folder, env: { ...process.env, ...env } },
      (_failure, out, error) => resolve({ out: plain(out), error: plain(error) }),
    );
    child.stdin?.end(typed);
  });
}

test('a start that fails for a taken port is told once on each side, and names what chose the port', async () => {
  const port = await takenPort();
  const { out, error } = await run(DOOR, { gatePort: port }, { env: { MY_GATE_PORT: String(port) } });
  expect(out).toBe(`[:01000001] LAUNCH logger 
[:01000002] LAUNCH snlua bootstrap
[:01000003] LAUNCH snlua launcher
[:01000004] LAUNCH snlua service_mgr
[:01000005] LAUNCH snlua main
[:01000006] LAUNCH snlua door
[:01000006] lua call [1000005 to :1000006 : 3 msgsz = 11] error : Error: listen EADDRINUSE: address already in use 127.0.0.1:${port}
led to SkynetError: Listen error: 127.0.0.1:${port} is already in use (ERR_LISTEN)
    at async ActiveRequest.open (services/door.js:5:5)
[:01000005] init service failed: SkynetError: call failed: Listen error: 127.0.0.1:${port} is already in use (ERR_LISTEN, logged by :01000006)
    at async Object.start (services/main.js:4:3)
[:01000005] KILL self
[:01000005] KILL :1000006
[:01000002] KILL self
`);
  expect(error).toBe(
    `skynet: call failed: main could not start: Listen error: 127.0.0.1:${port} is already in use (ERR_SERVICE_INIT); set by gatePort in config.json, $MY_GATE_PORT\n`,
  );
});

test('what chose a port is found in addresses too; other failures and other ports have nobody', () => {
  const listen = (address: string): Error =>
    new Error('start', { cause: new SkynetError('ERR_LISTEN', 'taken', { details: { address } }) });
  const keys = new Map([
    ['login', 'tcp://0.0.0.0:8101'],
    ['page', 'ws://0.0.0.0:8103/login'],
    ['gate', '8888'],
    ['long', '88881'],
  ]);
  const found = (failure: Error): string =>
    startFailure(failure, { file: 'c.ts', keys, variables: { SECRET: '8888' } })
      .split('\n', 1)
      .join('')
      .replace(failure.message, '');
  expect(found(listen('0.0.0.0:8101'))).toBe('; set by login in c.ts');
  expect(found(listen('0.0.0.0:8103/login'))).toBe('; set by page in c.ts');
  expect(found(listen('[::]:8888'))).toBe('; set by gate in c.ts');
  expect(found(listen('0.0.0.0:81'))).toBe('');
  expect(found(listen('/run/door'))).toBe('');
  expect(found(new SkynetError('ERR_CONNECT', 'no', { details: { address: '0.0.0.0:8888' } }))).toBe(
    ' (ERR_CONNECT)',
  );
  const loop = new Error('loop');
  loop.cause = loop;
  expect(found(loop)).toBe('');
});

const BOOT = `[:01000001] LAUNCH logger 
[:01000002] LAUNCH snlua bootstrap
[:01000003] LAUNCH snlua launcher
[:01000004] LAUNCH snlua service_mgr
`;

test('a first service that cannot be found has its end in the log, and its reason behind it', async () => {
  expect(await run({}, { start: 'nobody' })).toEqual({
    out: `${BOOT}[:01000005] LAUNCH snlua nobody
[:01000005] lua loader error : cannot open services/nobody.ts: No such file or directory
[:01000005] KILL self
[:01000002] KILL self
`,
    error: `skynet: no service nobody
cannot open services/nobody.ts: No such file or directory (ERR_SERVICE_NOT_FOUND)
`,
  });
});

test('a module that throws is told with its line by the service that it was to be', async () => {
  expect(await run({ 'services/main.js': "\nthrow new TypeError('no');\n" }, {})).toEqual({
    out: `${BOOT}[:01000005] LAUNCH snlua main
[:01000005] lua loader error : SkynetError: services/main.js cannot be loaded: TypeError: no (ERR_SERVICE_MODULE)
    at services/main.js:2:7
[:01000005] KILL self
[:01000002] KILL self
`,
    error: 'skynet: services/main.js cannot be loaded: TypeError: no (ERR_SERVICE_MODULE)\n',
  });
});

test('what no service can log is told with its line by the command', async () => {
  expect(await run({ 'before.js': "\nthrow new Error('not ready');\n" }, { preload: './before.js' })).toEqual(
    {
      out: '',
      error: `skynet: preload: before.js cannot be loaded: Error: not ready (ERR_CONFIG)
    at before.js:2:7
`,
    },
  );
});

test('what is typed at the console and fails is told by the service, and no more', async () => {
  const files = {
    'services/bad.js': `import { defineService } from '@skynet/core';
export default defineService(() => {
  throw new Error('not today');
});
`,
    'services/last.js': `import { defineService } from '@skynet/core';
export default defineService((skynet) => skynet.abort());
`,
  };
  expect(await run(files, { start: 'console' }, { typed: 'bad\nnobody\nlast\n' })).toEqual({
    out: `${BOOT}[:01000005] LAUNCH snlua console
[:01000002] KILL self
[:01000006] LAUNCH snlua bad
[:01000006] init service failed: Error: not today
    at Object.start (services/bad.js:3:9)
[:01000006] KILL self
[:01000005] no service or command nobody; type help for a list
[:01000007] LAUNCH snlua last
`,
    error: '',
  });
});

// A stranger's first minute: the packages are packed, served by a registry of this test, and used outside the repository.
import { execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { chromium } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { freePorts } from '../../../test/free-port.ts';
import { mariadbMissing, startMariaDb } from '../../../test/mariadb.ts';
import { natsMissing, startNats } from '../../../test/nats.ts';
import { testProgram } from '../../../test/programs.ts';
import { type LocalRegistry, startLocalRegistry } from './archives.ts';
import { readCompose, readDockerfile, settingsOf } from './compose.ts';
import { endedAfterTest, Program } from './program.ts';

const CHROMIUM = process.env['SKYNET_CHROMIUM'] ?? '/usr/bin/chromium';
const hasBrowser = existsSync(CHROMIUM);
if (!hasBrowser) {
  const text = `no ${CHROMIUM}: install it (apt-get install chromium), or name another in SKYNET_CHROMIUM`;
  if (process.env['CI'] !== undefined) throw new Error(text);
  console.warn(`The page of a new game is not opened: ${text}`);
}

let registry: LocalRegistry;
/** What is shared by all projects: npm's cache. */
let cache: string;
/** A project that `npm create` has made and installed, without another word than its name. */
let game: string;
/** The command, as it comes out of its archive. */
let commandFile: string;

beforeAll(async () => {
  cache = mkdtempSync(path.join(tmpdir(), 'skynet-cache-'));
  registry = await startLocalRegistry();
  const archive = readdirSync(registry.folder).find((file) => file.startsWith('create-skynet-')) as string;
  execFileSync('tar', ['-xzf', path.join(registry.folder, archive), '-C', cache]);
  commandFile = path.join(cache, 'package/dist/bin/create-skynet.js');
  game = await create(cache);
});
afterAll(() => {
  registry?.close();
  rmSync(cache, { recursive: true, force: true, maxRetries: 5 });
});

function newFolder(): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'skynet-create-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }));
  return folder;
}

/** What npm is told by the environment. */
const npm = (url = registry.url): Record<string, string> => ({
  npm_config_registry: url,
  npm_config_cache: cache,
  npm_config_yes: 'true',
  npm_config_audit: 'false',
  npm_config_fund: 'false',
  npm_config_update_notifier: 'false',
});

/** All files of a folder, `node_modules` aside, by their paths. */
function filesIn(folder: string): Map<string, string> {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(folder, path.join(entry.parentPath, entry.name)))
    .filter((file) => !file.startsWith('node_modules'));
  return new Map(files.map((file) => [file, readFileSync(path.join(folder, file), 'utf8')]));
}

/** Makes a project as a stranger does. */
async function create(folder: string, ...template: string[]): Promise<string> {
  const made = new Program('npm', ['create', 'skynet@latest', 'my-game', ...template], {
    cwd: folder,
    env: npm(),
  });
  try {
    expect(await made.succeeded()).toContain('cd my-game\n  npm run dev');
  } finally {
    made.kill();
  }
  return path.join(folder, 'my-game');
}

/** The command, without npm around it. */
const command = (cwd: string, args: readonly string[], env: Record<string, string> = {}): Program =>
  endedAfterTest(new Program(process.execPath, [commandFile, ...args], { cwd, env }));

/** A script of a project. */
const script = (cwd: string, name: string, env: Record<string, string> = {}): Program =>
  endedAfterTest(new Program('npm', ['run', name], { cwd, env: { ...npm(), ...env } }));

/** A player without a page. */
const bot = (cwd: string, env: Record<string, string>): Program => script(cwd, 'bot', env);

/** The project's node from its build, as a container runs it. */
const production = (cwd: string, env: Record<string, string> = {}): Program =>
  endedAfterTest(
    new Program(process.execPath, ['node_modules/@skynet/core/dist/bin/skynet.js', 'dist'], {
      cwd,
      env: { NODE_ENV: 'production', ...env },
    }),
  );

describe('npm create skynet', () => {
  test('minimal: installs, tests, builds, runs, reloads with its state', async () => {
    const above = newFolder();
    const made = command(above, ['my-game', 'minimal', '--no-install']);
    expect(await made.succeeded()).toContain('cd my-game\n  npm install\n  npm run dev');
    const folder = path.join(above, 'my-game');
    // What it needs is a part of what the game needs.
    symlinkSync(path.join(game, 'node_modules'), path.join(folder, 'node_modules'));
    const files = filesIn(folder);
    for (const [file, text] of files) {
      expect(`${file}: ${/\{\{.*\}\}/.exec(text.replace(/\$\{\{.*?\}\}/g, ''))?.[0]}`).toBe(
        `${file}: undefined`,
      );
      expect(file).not.toMatch(/(^|[\\/])_|\{\{/);
    }
    expect([...files.keys()]).toEqual(
      expect.arrayContaining([
        '.editorconfig',
        '.gitignore',
        'Dockerfile',
        'compose.yaml',
        path.join('.vscode', 'launch.json'),
        path.join('.github', 'workflows', 'ci.yml'),
        path.join('deploy', 'my-game.service'),
      ]),
    );
    expect(files.get('Dockerfile')).not.toContain('EXPOSE');
    expect(files.get('compose.yaml')).not.toContain('ports:');

    const dev = script(folder, 'dev');
    expect(await script(folder, 'test').succeeded()).toMatch(/# pass 1\n# fail 0/);
    const [, before] = await dev.said(/watches .*services[\s\S]*count is (\d+)/);
    const service = path.join(folder, 'services/counter.ts');
    writeFileSync(service, readFileSync(service, 'utf8').replace('count += by;', 'count += 1000 * by;'));
    const [, after] = await dev.said(/count is (\d{4,})/);
    expect(Number(after) % 1000).toBeGreaterThanOrEqual(Number(before));
    // A mistake leaves the old code at work and is told with its place.
    writeFileSync(service, 'export default {');
    await dev.said(/counter keeps its code.*counter\.ts/s);
    dev.kill();

    writeFileSync(service, files.get(path.join('services', 'counter.ts')) as string);
    await script(folder, 'build').succeeded();
    const node = production(folder);
    await node.said(/count is 1\n/);
    node.signal('SIGTERM');
    expect(await node.ended).toBe(0);
  });

  test('gate: clients are served, and told to come back when it stops', async () => {
    const folder = await create(newFolder(), 'gate');
    const files = filesIn(folder);
    expect(files.get('Dockerfile')).toContain('\nEXPOSE 8888\n');
    expect(files.get('compose.yaml')).toContain('    ports:\n      - "8888:8888"\n');
    const tests = script(folder, 'test');
    expect(await tests.succeeded()).toMatch(/# pass 1\n# fail 0/);
    await script(folder, 'build').succeeded();

    const node = production(folder, { PORT: '0' });
    const [, port] = await node.said(/gate listens on 127\.0\.0\.1:(\d+)/);
    const connect = (port = ''): Program =>
      endedAfterTest(
        new Program('npm', ['run', '--silent', 'client', '--', port], {
          cwd: folder,
          env: npm(),
          input: true,
        }),
      );
    const first = connect(port);
    await first.said(/push welcome/);
    first.type('set a 1');
    first.type('get a');
    await first.said(/ok\nok 1\n/);
    first.type('quit');
    expect(await first.ended).toBe(0);
    await node.said(/has gone/);
    const second = connect(port);
    await second.said(/push welcome/);
    node.signal('SIGTERM');
    await second.said(/push the server restarts, come back in a moment/);
    expect(await second.ended).toBe(0);
    expect(await node.ended).toBe(0);
    if (mariadbMissing !== undefined) return;

    // With a database the store outlasts the process.
    const database = await startMariaDb();
    onTestFinished(() => database.stop());
    const MYSQL_URL = `mysql://lab:secret@127.0.0.1:${database.port}/lab`;
    for (const [line, answer] of [
      ['set name anna bell', /ok\n/],
      ['get name', /ok anna bell\n/],
    ] as const) {
      const kept = production(folder, { PORT: '0', MYSQL_URL });
      const [, place] = await kept.said(/gate listens on 127\.0\.0\.1:(\d+)/);
      const client = connect(place);
      await client.said(/push welcome/);
      client.type(line);
      await client.said(answer);
      client.type('quit');
      expect(await client.ended).toBe(0);
      kept.signal('SIGTERM');
      expect(await kept.ended).toBe(0);
    }
  });
});

describe('npm create skynet my-game', () => {
  test('game: tests, builds, runs; a page and a bot meet', async () => {
    const folder = game;
    expect(await script(folder, 'test').succeeded()).toMatch(/# pass 2\n# fail 0/);
    await script(folder, 'build').succeeded();
    const [web, ws] = await freePorts(2);
    const ports = { GAME_WEB_PORT: String(web), GAME_WS_PORT: String(ws) };
    const node = production(folder, ports);
    const [, page = ''] = await node.said(/The game is on (http:\S+)/);
    expect((await fetch(`${page}/healthz`)).status).toBe(200);
    const guest = bot(folder, ports);
    await guest.said(/bot is in lobby/);
    if (hasBrowser) await meetBot(page);
    node.signal('SIGTERM');
    await guest.said(/connection lost|come back/);
    expect(await node.ended).toBe(0);
  });
});

describe('the compose file', () => {
  test.each(['game', 'gate', 'minimal'])('of %s says what the project has', async (template) => {
    const above = newFolder();
    await command(above, ['my-game', template, '--no-install']).succeeded();
    const folder = path.join(above, 'my-game');
    const { services, volumes = {} } = readCompose(folder);
    const { environment, exposed, command: start } = readDockerfile(folder);
    const settings = settingsOf(folder);
    const [[, own] = []] = Object.entries(services).filter(([, { build }]) => build === '.');
    expect((own?.ports ?? []).map((pair) => pair.split(':')[1])).toEqual(exposed);
    const given = { ...environment, ...own?.environment };
    // What is set is read, and what is there to be read from elsewhere is set.
    expect(Object.keys(given).filter((name) => name !== 'NODE_ENV' && !settings.has(name))).toEqual([]);
    expect(['MYSQL_URL', 'NATS_URL'].filter((name) => settings.has(name) !== name in given)).toEqual([]);
    expect(start).toEqual(['node', 'node_modules/@skynet/core/dist/bin/skynet.js', 'dist']);
    expect(Number.parseInt(own?.stop_grace_period ?? '', 10)).toBeGreaterThan(30); // shutdownTimeout
    // Every other service is one that the project's settings lead to.
    const hosts = Object.values(own?.environment ?? {}).map((url) => new URL(url).hostname);
    expect(Object.keys(services).filter((name) => services[name] !== own)).toEqual(hosts);
    expect(Object.keys(own?.depends_on ?? {})).toEqual(hosts);
    const mounted = Object.values(services).flatMap(({ volumes: places = [] }) => places);
    expect(mounted.map((place) => place.split(':')[0])).toEqual(Object.keys(volumes));
    if (services['mysql'] !== undefined) {
      const url = new URL(own?.environment?.['MYSQL_URL'] ?? '');
      expect(services['mysql'].environment).toMatchObject({
        MYSQL_USER: url.username,
        MYSQL_PASSWORD: url.password,
        MYSQL_DATABASE: url.pathname.slice(1),
      });
    }
  });

  const missing = [mariadbMissing, natsMissing].filter((each) => each !== undefined).join('; ');
  test.skipIf(missing !== '')(
    `of game starts what the game uses: accounts in MySQL, a mesh kept by NATS${missing && ` (${missing})`}`,
    { timeout: 180_000 },
    async () => {
      const { services } = readCompose(game);
      const [own, mysql, nats] = [services['game'], services['mysql'], services['nats']];
      // As the images do: the database and the user of the environment; the server with its words.
      const database = await startMariaDb();
      onTestFinished(() => database.stop());
      const { MYSQL_DATABASE: name, MYSQL_USER: user, MYSQL_PASSWORD: password } = mysql?.environment ?? {};
      database.sql(
        `create database ${name}; create user ${user}@'127.0.0.1' identified by '${password}'; grant all on ${name}.* to ${user}@'127.0.0.1'`,
      );
      const [, check = '', ...words] = mysql?.healthcheck?.test ?? [];
      execFileSync(testProgram(check).file as string, [...words, `--port=${database.port}`], {
        stdio: 'pipe',
      });
      const places = { folder: newFolder() };
      const server = await startNats(
        (nats?.command ?? []).map((word) => (word.startsWith('/') ? places.folder : word)),
      );
      onTestFinished(() => server.stop());

      const url = new URL(own?.environment?.['MYSQL_URL'] ?? '');
      url.host = `127.0.0.1:${database.port}`;
      const [web, ws, web2, ws2] = (await freePorts(4)).map(String) as [string, string, string, string];
      const env = {
        ...own?.environment,
        MYSQL_URL: url.href,
        NATS_URL: server.url,
        GAME_WEB_PORT: web,
        GAME_WS_PORT: ws,
      };
      // The mesh is told to whoever asks for its id a second time.
      await script(game, 'build').succeeded();
      const node = production(game, env);
      const [, page = ''] = await node.said(/The game is on (http:\S+)/);
      expect(await (await fetch(`${page}/config.json`)).json()).toEqual({ wsPort: Number(ws) });
      const twin = production(game, { ...env, GAME_WEB_PORT: web2, GAME_WS_PORT: ws2 });
      expect(await twin.ended).toBe(1);
      expect(twin.output).toMatch(/ERR_MESH_ID_TAKEN|id 1 is taken/);
      // The second node of the mesh has the same accounts.
      const other = { ...env, NODE_ID: '2', GAME_WEB_PORT: web2, GAME_WS_PORT: ws2 };
      const second = script(game, 'start', other);
      await second.said(/The game is on/);
      const first = bot(game, { ...env, GAME_PASSWORD: 'mine' });
      await first.said(/bot is in lobby/);
      expect(await bot(game, { ...other, GAME_PASSWORD: 'password' }).ended).toBe(1);
      expect(await bot(game, { ...other, GAME_PASSWORD: '' }).ended).toBe(1);
      const again = bot(game, { ...other, GAME_PASSWORD: 'mine' });
      await again.said(/bot is in lobby/);
      expect(database.sql(`select name from ${name}.accounts`).trim()).toBe('bot');

      // npm alone is told to end, and so is the node in a container. Both end in order, and say so to their players.
      second.signal('SIGTERM');
      await again.said(/connection lost|come back/);
      await second.ended; // its outputs are closed: nobody is left behind
      node.signal('SIGTERM');
      await first.said(/connection lost|come back/);
      expect(await node.ended).toBe(0);
    },
  );

  test.each([
    ['MYSQL_URL', 'mysql:/game', /MYSQL_URL must be mysql:\/\//],
    ['MYSQL_URL', 'mysql://game:hidden@/game', /MYSQL_URL must be mysql:\/\//],
    ['NODE_ID', '0', /NODE_ID must be 1 to 255/],
  ])('%s=%s is refused with a word', async (key, value, why) => {
    const node = production(game, {
      GAME_WEB_PORT: '0',
      GAME_WS_PORT: '0',
      NATS_URL: 'nats://127.0.0.1:1',
      [key]: value,
    });
    expect(await node.ended).toBe(1);
    expect(node.output).toMatch(why);
    expect(node.output).not.toContain('hidden');
  });
});

/** Opens the page, logs in and waits for the bot's greeting. */
async function meetBot(page: string): Promise<void> {
  const browser = await chromium.launch({
    executablePath: CHROMIUM,
    args: ['--no-sandbox', '--disable-gpu'],
  });
  onTestFinished(() => browser.close());
  const tab = await browser.newPage();
  const complaints: string[] = [];
  tab.on('pageerror', (error) => complaints.push(error.message));
  await tab.goto(page);
  await tab.fill('#user', 'anna');
  await tab.click('text=Play');
  await tab.waitForSelector('#log >> text=bot: hello anna');
  expect(await tab.textContent('#state')).toBe('connected as anna');
  expect(complaints).toEqual([]);
}

describe('what cannot be made', () => {
  test('a folder that is not empty stays as it is; one with a .git alone will do', async () => {
    const folder = newFolder();
    writeFileSync(path.join(folder, 'notes.txt'), 'mine');
    const refused = command(folder, ['.', 'minimal', '--no-install']);
    expect(await refused.ended).toBe(1);
    expect(refused.output).toMatch(/is not empty: "notes\.txt"; take another name \(ERR_CREATE_FOLDER\)/);
    expect([...filesIn(folder)]).toEqual([['notes.txt', 'mine']]);
    const file = command(folder, ['notes.txt', 'minimal', '--no-install']);
    expect(await file.ended).toBe(1);
    expect(file.output).toMatch(/is a file \(ERR_CREATE_FOLDER\)/);

    mkdirSync(path.join(folder, 'cloned/.git'), { recursive: true });
    await command(path.join(folder, 'cloned'), ['.', 'minimal', '--no-install']).succeeded();
    expect(filesIn(path.join(folder, 'cloned')).get('package.json')).toContain('"name": "cloned"');
  });

  test('what was written goes when the rest cannot be', async () => {
    const folder = newFolder();
    // A long path: the folder can be made, some of its files cannot.
    const deep = 'd'.repeat(214);
    const levels = Math.floor((4070 - folder.length) / 215);
    const long = path.join(folder, ...Array.from({ length: levels }, () => deep));
    const rest = 4090 - long.length;
    const refused = command(folder, [
      path.join(long, 'x'.repeat(Math.max(rest - 20, 1))),
      'minimal',
      '--no-install',
    ]);
    expect(await refused.ended).toBe(1);
    expect(refused.output).toMatch(/cannot write into .*ENAMETOOLONG.*\(ERR_CREATE_FOLDER\)/);
    expect(readdirSync(folder)).toEqual([]);
  });

  test('names, templates and options that do not exist', async () => {
    const folder = newFolder();
    for (const [args, code] of [
      [['no?', 'minimal'], 'ERR_CREATE_NAME'],
      [['C:\\games\\x', 'minimal'], 'ERR_CREATE_NAME'],
      [['tsx', 'minimal'], 'ERR_CREATE_NAME'],
      [['x', 'colyseus'], 'ERR_CREATE_TEMPLATE'],
      [['x', '--fast'], 'ERR_CREATE_OPTION'],
    ] as const) {
      const refused = command(folder, args);
      expect(await refused.ended).toBe(1);
      expect(refused.output).toContain(`(${code})`);
    }
    expect(readdirSync(folder)).toEqual([]);
  });

  test('without a network the files are there, and what to type later', async () => {
    const folder = newFolder();
    const env = { ...npm('http://127.0.0.1:1'), npm_config_cache: path.join(folder, 'cache') };
    const made = command(folder, ['My Game', 'minimal'], env);
    expect(await made.ended).toBe(1);
    expect(made.output).toMatch(
      /ECONNREFUSED[\s\S]*The files are in place.*cd "My Game" && npm install \(ERR_CREATE_INSTALL\)/,
    );
    expect(filesIn(path.join(folder, 'My Game')).get('package.json')).toContain('"name": "my-game"');
  });

  test('a Node.js that is too old says so, and nothing else', async () => {
    const folder = newFolder();
    const old = `Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '18.20.4' } })`;
    const preload = path.join(folder, 'old.cjs');
    writeFileSync(preload, old);
    const refused = endedAfterTest(
      new Program(process.execPath, ['--require', preload, commandFile, 'x'], { cwd: folder }),
    );
    expect(await refused.ended).toBe(1);
    expect(refused.output).toBe(
      'create-skynet: Node.js 20.19 or newer is needed, this is 18.20.4 (ERR_CREATE_NODE)\n',
    );
  });
});

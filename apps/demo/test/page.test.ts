// The page in a real browser. Nothing is installed here: `.ci/run` does that.
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect as connectTo } from 'node:net';
import path from 'node:path';
import { type Handle, type Node, type SkynetConfig, startNode } from '@skynet/core';
import { Happenings } from '@skynet/core/testing';
import { createTransports } from '@skynet/core/transport';
import { ws } from '@skynet/core/ws';
import { type ConnectOptions, connect, login, type MsgClient } from '@skynet/msgserver/client';
import { dialer } from '@skynet/msgserver/client/node';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';

const CHROMIUM = process.env['SKYNET_CHROMIUM'] ?? '/usr/bin/chromium';
const isThere = existsSync(CHROMIUM);
if (!isThere) {
  const text = `no ${CHROMIUM}: install it (apt-get install chromium), or name another in SKYNET_CHROMIUM`;
  if (process.env['CI'] !== undefined) throw new Error(text);
  console.warn(`The page is not tested: ${text}`);
}

interface Demo {
  readonly page: string;
  readonly wsPort: number;
  readonly log: readonly string[];
  /** A log line, past or future. */
  logged(pattern: RegExp): Promise<string>;
  readonly node: Node;
  /** The message server. */
  readonly msg: Handle;
  logOut(user: string, subid: number): Promise<unknown>;
}

/** The demo's services that the page needs, on free ports. */
async function startDemo(config: SkynetConfig = {}): Promise<Demo> {
  const lines = new Happenings<string>('log lines');
  const node = await startNode(
    { harbor: 1, watchdog: false, services: ['./services/?'], transports: [ws()], ...config },
    { base: path.resolve(import.meta.dirname, '..'), onLog: (_, text) => lines.add(text) },
  );
  onTestFinished(() => node.stop());
  const msg = await node.newService('msggate');
  const open = (listen: string[]): Promise<string[]> =>
    node.run((skynet) => skynet.call<string[]>(msg, 'lua', 'open', { servername: 'sample', listen }));
  const [address = ''] = await open(['ws://127.0.0.1:0/game']);
  const wsPort = Number(/\d+$/.exec(address)?.[0]);
  const url = `ws://127.0.0.1:${wsPort}/login`;
  const loginServer = await node.newService('login', url);
  await node.run((skynet) => skynet.call(loginServer, 'lua', 'register_gate', 'sample', msg));
  const web = await node.newService('webpage', '127.0.0.1', 0, wsPort);
  const port = await node.run((skynet) => skynet.call<number>(web, 'lua', 'port'));
  const logOut = (user: string, subid: number): Promise<unknown> =>
    node.run((skynet) => skynet.call(msg, 'lua', 'logout', user, subid));
  const logged = (pattern: RegExp): Promise<string> =>
    lines.find((line) => pattern.test(line), `a log line that matches ${String(pattern)}`);
  return { page: `http://127.0.0.1:${port}`, wsPort, log: lines.all, logged, node, msg, logOut };
}

/** Somebody at the node's debug console: what is printed for a line, its last line being `<CMD OK>` or `<CMD Error>`. */
async function visitConsole({ node, logged }: Demo): Promise<(line: string) => Promise<string>> {
  await node.newService('debug_console', '0');
  const port = Number(/:(\d+)$/.exec(await logged(/^Start debug console at/))?.[1]);
  const socket = connectTo({ port, host: '127.0.0.1' }).setEncoding('utf8');
  onTestFinished(() => void socket.destroy());
  let text = '';
  let heard = (): void => {};
  socket.on('data', (chunk: string) => {
    text += chunk;
    heard();
  });
  const until = async (end: RegExp): Promise<string> => {
    while (!end.test(text))
      await new Promise<void>((resolve) => {
        heard = resolve;
      });
    const said = text;
    text = '';
    return said;
  };
  await until(/Welcome to skynet console\n/);
  return (line) => {
    socket.write(`${line}\n`);
    return until(/<CMD (OK|Error)>\n/);
  };
}

describe.runIf(isThere)('the page', () => {
  let browser: Browser;

  beforeAll(async () => {
    browser = await chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox', '--disable-gpu'] });
  });
  afterAll(() => browser?.close());

  /** A tab in which somebody has logged in. */
  async function enter(url: string, user: string, width = 390): Promise<{ page: Page; problems: string[] }> {
    const context = await browser.newContext({ viewport: { width, height: 844 } });
    onTestFinished(() => context.close());
    const page = await context.newPage();
    const problems: string[] = [];
    page.on('pageerror', (error) => problems.push(error.message));
    page.on('console', (message) => {
      if (message.type() === 'error') problems.push(message.text());
    });
    await page.goto(url);
    await page.getByLabel('Name').fill(user);
    await page.getByRole('button', { name: 'Log in' }).click();
    await page.getByText(`Connected as ${user}, connection 1`).waitFor();
    return { page, problems };
  }

  test('lets a person log in, send requests, drop the connection and lose nothing', async () => {
    const demo = await startDemo();
    const { page, problems } = await enter(demo.page, 'mei');
    const value = (id: string): Promise<string | null> => page.locator(id).textContent();

    await page.getByRole('button', { name: 'Send 100' }).click();
    await page.getByText('All there after 0 drops').waitFor();

    await page.getByRole('button', { name: 'Drop the connection' }).click();
    await page.getByText('Connection lost, coming back').waitFor();
    // Sent while there is no connection.
    await page.getByRole('button', { name: 'Send 1', exact: true }).click();
    await page.getByText('Connected as mei, connection 2').waitFor();
    await page.getByText('All there after one drop').waitFor();
    expect(await value('#counted')).toBe('101');

    await page.getByRole('button', { name: 'Send 500 and drop 5 times' }).click();
    await page.getByText('All there after 6 drops').waitFor();
    expect([await value('#sent'), await value('#answered'), await value('#counted')]).toEqual([
      '601',
      '601',
      '601',
    ]);

    await page.getByLabel('Request').fill('push 你好');
    await page.keyboard.press('Enter');
    await page.getByText('The server says: 你好').waitFor();
    await page.getByLabel('Request').fill('fail');
    await page.keyboard.press('Enter');
    await page.getByText('fail → failed').waitFor();

    const narrow = await page.evaluate('document.documentElement.scrollWidth <= window.innerWidth');
    expect(narrow).toBe(true);
    if (process.env['SKYNET_SCREENSHOTS'] !== undefined)
      await page.screenshot({ path: path.join(process.env['SKYNET_SCREENSHOTS'], 'page.png') });

    await page.getByRole('button', { name: 'Log out' }).click();
    await page.getByRole('button', { name: 'Log in' }).waitFor();
    expect(problems).toEqual([]);
  });

  // The tutorial of docs/hotfix.md, step by step.
  test('sees new code of its player at once, and keeps its count', async () => {
    const folder = mkdtempSync(path.join(import.meta.dirname, 'hotfix-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const file = path.join(folder, 'player.ts');
    const text = readFileSync(path.resolve(import.meta.dirname, '../services/player.ts'), 'utf8');
    writeFileSync(file, text);
    const demo = await startDemo({ services: [`${folder}/?`, './services/?'] });
    const console = await visitConsole(demo);
    const { page, problems } = await enter(demo.page, 'mei');
    const say = async (request: string): Promise<void> => {
      await page.getByLabel('Request').fill(request);
      await page.keyboard.press('Enter');
    };

    await page.getByRole('button', { name: 'Send 100' }).click();
    await page.getByText('All there after 0 drops').waitFor();
    await say('hello');
    await page.getByText(/hello → HELLO$/).waitFor();
    const [address] = /:[\da-f]{8}(?=\tsnlua player$)/m.exec(await console('list')) ?? [];

    // A line of the player's file changes.
    const changed = text.replace('.trimEnd().toUpperCase()', ".trimEnd().toUpperCase() + '!'");
    expect(changed).not.toBe(text);
    writeFileSync(file, changed);
    expect(await console(`reload ${address}`)).toContain('<CMD OK>');
    await say('hello');
    await page.getByText(/hello → HELLO!$/).waitFor();
    await page.getByRole('button', { name: 'Send 1', exact: true }).click();
    await page.getByText('All there after 0 drops').waitFor();
    expect(await page.locator('#counted').textContent()).toBe('101');

    // One that is no program changes nothing.
    writeFileSync(file, text.replace('switch (command) {', 'switch (command {'));
    expect(await console(`reload ${address}`)).toContain('<CMD Error>');
    await say('again');
    await page.getByText(/again → AGAIN!$/).waitFor();

    // And back.
    writeFileSync(file, text);
    expect(await console(`reload ${address}`)).toContain('<CMD OK>');
    await say('back');
    await page.getByText(/back → BACK$/).waitFor();
    await page.getByRole('button', { name: 'Send 1', exact: true }).click();
    await page.getByText('All there after 0 drops').waitFor();
    expect(await page.locator('#counted').textContent()).toBe('102');
    expect(problems).toEqual([]);
  });

  test('says what is wrong with a login', async () => {
    const demo = await startDemo();
    const context = await browser.newContext();
    onTestFinished(() => context.close());
    const page = await context.newPage();
    await page.goto(demo.page);
    await page.getByLabel('Name').fill('mei');
    await page.getByLabel('Password').fill('guess');
    await page.getByRole('button', { name: 'Log in' }).click();
    await page.getByText('Wrong password.').waitFor();
    if (process.env['SKYNET_SCREENSHOTS'] !== undefined)
      await page.screenshot({ path: path.join(process.env['SKYNET_SCREENSHOTS'], 'login.png') });
  });

  test('gives its place to a later login of the same person', async () => {
    const demo = await startDemo();
    const { page, problems } = await enter(demo.page, 'mei');
    const client = await join(demo, 'mei');
    await page.getByText('It is over: you have logged in somewhere else').first().waitFor();
    for (const name of ['Send 1', 'Send 100', 'Drop the connection', 'Send 500 and drop 5 times', 'Send'])
      expect(await page.getByRole('button', { name, exact: true }).isDisabled(), name).toBe(true);
    expect(await page.getByLabel('Request').isDisabled()).toBe(true);
    expect(problems).toEqual([]);
    expect(new TextDecoder().decode(await client.request('add 2'))).toBe('2');
    client.close();
    await page.getByRole('button', { name: 'Log in again' }).click();
    await page.getByRole('button', { name: 'Log in', exact: true }).waitFor();
  });

  test('says so when it comes back to a login that is over', async () => {
    const demo = await startDemo();
    const { page, problems } = await enter(demo.page, 'mei');
    await demo.logOut('mei', 1);
    await page.getByText('It is over: you are not logged in any more').first().waitFor();
    expect(await page.getByRole('button', { name: 'Send 100' }).isDisabled()).toBe(true);
    expect(problems).toEqual([]);
  });
});

/** A client of the demo that has logged in. */
async function join({ wsPort }: Demo, user: string, on: ConnectOptions['on'] = {}): Promise<MsgClient> {
  const base = `ws://127.0.0.1:${wsPort}`;
  const transports = createTransports([ws()]);
  const ticket = await login({
    dial: dialer(`${base}/login`, transports),
    user,
    password: 'password',
    server: 'sample',
  });
  const client = await connect({ ...ticket, dial: dialer(`${base}/game`, transports), on });
  onTestFinished(() => client.close());
  return client;
}

const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);

describe('a player', () => {
  test('who quits is answered, then logged out', async () => {
    const demo = await startDemo();
    for (const line of ['quit', 'quit now']) {
      const failed = new Promise((resolve) => {
        void join(demo, 'anna bell', { failed: resolve }).then(async (client) => {
          const answers = await Promise.all(['add 5', line].map((words) => client.request(words)));
          expect(answers.map(text)).toEqual(['5', 'bye']);
        });
      });
      expect(await failed).toMatchObject({ code: 'ERR_CLIENT_REFUSED', details: { status: 404 } });
    }
  });

  test('who logs in again takes the place of the earlier login, which is told why', async () => {
    const demo = await startDemo();
    const first = await join(demo, 'anna');
    const over = new Promise<string>((resolve) => first.on('push', (content) => resolve(text(content))));
    const second = await join(demo, 'anna');
    expect(await over).toBe('over you have logged in somewhere else');
    expect(text(await second.request('hello'))).toBe('HELLO');
  });

  test('who logs in twice at once, by two login servers, is there once', async () => {
    const demo = await startDemo();
    const logIn = (): Promise<unknown> =>
      demo.node.run((skynet) => skynet.call(demo.msg, 'lua', 'login', 'anna bell', '12345678'));
    const services = demo.node.services;
    const [first, second] = await Promise.allSettled([logIn(), logIn()]);
    expect(second.status).toBe('fulfilled');
    expect(first).toMatchObject({
      status: 'rejected',
      reason: { message: expect.stringMatching(/meanwhile/) },
    });
    while (demo.node.services > services + 1) await new Promise(setImmediate);
  });
});

test('the web service serves what it has, and nothing else', async () => {
  const { page } = await startDemo();
  expect((await fetch(`${page}/`)).headers.get('content-type')).toBe('text/html; charset=utf-8');
  expect(await (await fetch(`${page}/app.js`)).text()).not.toMatch(/from"node:|require\(/);
  for (const name of ['/web/app.ts', '/../package.json', '/%2e%2e/package.json', '/none'])
    expect((await fetch(page + name)).status).toBe(404);
  expect((await fetch(page, { method: 'POST' })).status).toBe(405);
  const health = await fetch(`${page}/healthz`);
  expect([health.status, await health.text()]).toEqual([200, 'ok\n']);
});

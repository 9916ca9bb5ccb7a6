// The page in a real browser. Nothing is installed here: `.ci/run` does that.
import { existsSync } from 'node:fs';
import path from 'node:path';
import { startNode } from '@skynet/core';
import { ws } from '@skynet/core/ws';
import { connect, login } from '@skynet/msgserver/client';
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

/** The demo's services that the page needs, on free ports. */
async function startDemo(): Promise<{ page: string; wsPort: number; log: string[] }> {
  const log: string[] = [];
  const node = await startNode(
    { harbor: 1, watchdog: false, services: ['./services/?'], transports: [ws()] },
    { base: path.resolve(import.meta.dirname, '..'), onLog: (_, text) => log.push(text) },
  );
  onTestFinished(() => node.stop());
  const msg = await node.newService('msggate');
  const open = (urls: string[]): Promise<string[]> =>
    node.run((skynet) => skynet.call<string[]>(msg, 'lua', 'open', { servername: 'sample', urls }));
  const [address = ''] = await open(['ws://127.0.0.1:0/game']);
  const wsPort = Number(/\d+$/.exec(address)?.[0]);
  const url = `ws://127.0.0.1:${wsPort}/login`;
  const loginServer = await node.newService('login', 'login', url);
  await node.run((skynet) => skynet.call(loginServer, 'lua', 'register_gate', 'sample', msg));
  const web = await node.newService('webpage', 0, wsPort);
  const port = await node.run((skynet) => skynet.call<number>(web, 'lua', 'port'));
  return { page: `http://127.0.0.1:${port}`, wsPort, log };
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
    const { page } = await enter(demo.page, 'mei');
    const base = `ws://127.0.0.1:${demo.wsPort}`;
    const { createTransports } = await import('@skynet/core/transport');
    const transports = createTransports([ws()]);
    const ticket = await login({
      dial: dialer(`${base}/login`, transports),
      user: 'mei',
      password: 'password',
      server: 'sample',
    });
    const client = await connect({ ...ticket, dial: dialer(`${base}/game`, transports) });
    await page.getByText('It is over').first().waitFor();
    expect(new TextDecoder().decode(await client.request('add 2'))).toBe('2');
    client.close();
  });
});

test('the web service serves what it has, and nothing else', async () => {
  const { page } = await startDemo();
  expect((await fetch(`${page}/`)).headers.get('content-type')).toBe('text/html; charset=utf-8');
  expect(await (await fetch(`${page}/app.js`)).text()).not.toMatch(/from"node:|require\(/);
  for (const name of ['/web/app.ts', '/../package.json', '/%2e%2e/package.json', '/none'])
    expect((await fetch(page + name)).status).toBe(404);
  expect((await fetch(page, { method: 'POST' })).status).toBe(405);
});

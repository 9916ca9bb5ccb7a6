// The pages in a real browser.
import { existsSync } from 'node:fs';
import path from 'node:path';
import { startTestNode } from '@skynet/core/testing';
import { ws } from '@skynet/core/ws';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { freePorts } from '../../../test/free-port.ts';

const CHROMIUM = process.env['SKYNET_CHROMIUM'] ?? '/usr/bin/chromium';
const isThere = existsSync(CHROMIUM);
if (!isThere) {
  const text = `no ${CHROMIUM}: install it (apt-get install chromium), or name another in SKYNET_CHROMIUM`;
  if (process.env['CI'] !== undefined) throw new Error(text);
  console.warn(`The game's pages are not tested: ${text}`);
}

interface Own {
  readonly host: string;
  readonly password: string;
  readonly webPort: number;
  readonly wsPort: number;
}

/** The whole game, as its configuration starts it. Resolves to its address. */
async function startGame(): Promise<string> {
  const [wsPort = 0] = await freePorts(1);
  const node = await startTestNode<Own>(
    {
      start: 'main',
      services: ['./services/?'],
      transports: [ws()],
      host: '127.0.0.1',
      password: 'password',
      webPort: 0,
      wsPort,
    },
    { base: path.resolve(import.meta.dirname, '..'), after: onTestFinished },
  );
  const line = await node.logged(/The game is on http/);
  return /http:\/\/\S+/.exec(line)?.[0] ?? '';
}

describe.runIf(isThere)('a browser', () => {
  let browser: Browser;

  beforeAll(async () => {
    browser = await chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox', '--disable-gpu'] });
  });
  afterAll(() => browser?.close());

  async function open(url: string): Promise<{ page: Page; problems: string[] }> {
    const context = await browser.newContext();
    onTestFinished(() => context.close());
    const page = await context.newPage();
    const problems: string[] = [];
    page.on('pageerror', (error) => problems.push(error.message));
    page.on('console', (message) => {
      if (message.type() === 'error') problems.push(message.text());
    });
    await page.goto(url);
    return { page, problems };
  }

  test('plays: two windows see each other, one drops its connection and is back', async () => {
    const url = await startGame();
    const windows = await Promise.all(['anna', 'bert'].map(() => open(url)));
    const [anna, bert] = windows.map(({ page }) => page) as [Page, Page];
    for (const [page, user] of [
      [anna, 'anna'],
      [bert, 'bert'],
    ] as const) {
      await page.getByLabel('Name').fill(user);
      await page.getByRole('button', { name: 'Play' }).click();
      await page.getByText(`connected as ${user}`).waitFor();
      await page.getByText(`${user} is here`).waitFor();
    }
    await bert.getByLabel('Say something').fill('hello anna');
    await bert.getByRole('button', { name: 'Say' }).click();
    await anna.getByText('bert: hello anna').waitFor();
    await bert.getByRole('button', { name: 'Drop the connection' }).click();
    await anna.getByText('bert is back').waitFor();
    await bert.getByText('connected as bert').waitFor();
    await bert.getByRole('button', { name: 'Log out' }).click();
    await bert.getByText('It is over: you have logged out').waitFor();
    await anna.getByText('bert has gone').waitFor();
    expect(windows.flatMap(({ problems }) => problems)).toEqual([]);
  });

  test('shows the playground: what there is to ask, answers, refusals, pushes, a dropped connection', async () => {
    const url = await startGame();
    const { page, problems } = await open(`${url}/playground`);
    await page.getByRole('button', { name: 'Connect', exact: true }).click();
    await page.locator('#state[data-state="open"]').waitFor();
    const name = page.getByLabel('Request');
    expect(await name.locator('option').allTextContents()).toEqual([
      'join',
      'steer',
      'say',
      'leave',
      'logout',
    ]);
    await page.getByText('Takes text of 1 to 20 characters').waitFor();
    await name.selectOption('steer');
    await page.getByText('Takes { x: a number from 0 to 1; y: a number from 0 to 1 }').waitFor();
    const ask = async (request: string, input: string): Promise<void> => {
      await name.selectOption(request);
      await page.getByLabel('Input, as JSON').fill(input);
      await page.getByRole('button', { name: 'Send' }).click();
    };
    await ask('join', '"lobby"');
    await page.getByText(/join → \{"you":"tester"/).waitFor();
    await page.getByText('said {"from":"","text":"tester is here"}').waitFor();
    await ask('steer', '{"x":2}');
    await page.getByText(/steer → ERR_PLAYER_INPUT input x must be a number from 0 to 1, not 2/).waitFor();
    await ask('say', 'no quotes');
    await page.getByText(/no quotes is no JSON/).waitFor();
    await page.getByRole('button', { name: 'Drop the connection' }).click();
    await page.getByText('resumed {"fresh":false}').waitFor();
    await ask('logout', '');
    await page.getByText(/kicked \{"reason":"logout"/).waitFor();
    await page.locator('#state[data-state="closed"]').waitFor();
    expect(problems).toEqual([]);
  });

  test('finds no playground in production', async () => {
    const before = process.env['NODE_ENV'];
    process.env['NODE_ENV'] = 'production';
    onTestFinished(() => {
      process.env['NODE_ENV'] = before;
    });
    const url = await startGame();
    expect((await fetch(`${url}/playground`)).status).toBe(404);
    expect((await fetch(`${url}/healthz`)).status).toBe(200);
  });
});

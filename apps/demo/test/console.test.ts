// The debug console and pages in a real browser. Nothing is installed here: `.ci/run` does that.
import { existsSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { startTestNode } from '@skynet/core/testing';
import { type Browser, chromium } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';

const CHROMIUM = process.env['SKYNET_CHROMIUM'] ?? '/usr/bin/chromium';
const isThere = existsSync(CHROMIUM);
if (!isThere) {
  const text = `no ${CHROMIUM}: install it (apt-get install chromium), or name another in SKYNET_CHROMIUM`;
  if (process.env['CI'] !== undefined) throw new Error(text);
  console.warn(`The debug console is not tested with a browser: ${text}`);
}

/** What a page tries: each leaves a trace in the node's environment if it is done. */
const ATTEMPTS: Readonly<Record<string, string>> = {
  image: `new Image().src = at + '/setenv/trace/1'`,
  script: `document.head.append(Object.assign(document.createElement('script'), { src: at + '/setenv/trace/1' }))`,
  frame: `document.body.append(Object.assign(document.createElement('iframe'), { src: at + '/setenv/trace/1' }))`,
  get: `fetch(at + '/setenv/trace/1', { mode: 'no-cors', referrerPolicy: 'no-referrer' })`,
  post: `fetch(at, { method: 'POST', mode: 'no-cors', body: 'setenv trace 1' })`,
  put: `fetch(at, { method: 'PUT', body: 'setenv trace 1\\nsetenv trace 1\\n' })`,
  header: `fetch(at, { method: 'POST', headers: { 'skynet-console': '1' }, body: 'setenv trace 1' })`,
  form: `document.body.insertAdjacentHTML('beforeend', '<form method=post enctype=text/plain action="' + at + '"><input name="setenv trace 1 " value=1></form>'); document.forms[0].submit()`,
  socket: `new WebSocket(at.replace('http', 'ws') + '/setenv/trace/1')`,
  navigation: `location.href = at + '/setenv/trace/1'`,
};

describe.runIf(isThere)('a page in a browser', () => {
  let browser: Browser;

  beforeAll(async () => {
    browser = await chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox', '--disable-gpu'] });
  });
  afterAll(() => browser?.close());

  test.each(['127.0.0.1', 'localhost', '0.0.0.0', '[::ffff:127.0.0.1]'])(
    'commands nothing at the debug console as %s',
    async (host) => {
      const node = await startTestNode({}, { after: onTestFinished });
      await node.newService('debug_console', '0.0.0.0', '0');
      const port = /:(\d+)$/.exec(await node.logged(/Start debug console/))?.[1];
      let script = '';
      const server = createServer((_request, response) => {
        // As a page of the public network, from which only this is let through.
        if (script === ATTEMPTS['navigation'])
          response.setHeader('content-security-policy', 'treat-as-public-address');
        response.setHeader('content-type', 'text/html');
        response.end(`<body><script>const at = 'http://${host}:${port}';${script}</script>`);
      });
      onTestFinished(() => void server.close());
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
      for (const attempt of Object.values(ATTEMPTS)) {
        script = attempt;
        const context = await browser.newContext();
        const page = await context.newPage();
        // Over, one way or the other: refused by the browser, or by the console, which closes.
        const over = page.waitForEvent('requestfailed', { timeout: 15_000 }).catch(() => undefined);
        const closed = attempt.includes('WebSocket')
          ? page.waitForEvent('websocket').then((socket) => socket.waitForEvent('socketerror'))
          : over;
        await page.goto(url).catch(() => undefined);
        await closed;
        await context.close();
      }
      expect(await node.run((skynet) => skynet.getenv('trace'))).toBeUndefined();
      // They have come, though.
      expect(node.log.filter((line) => line.endsWith(' connected')).length).toBeGreaterThan(3);
    },
    120_000,
  );
});

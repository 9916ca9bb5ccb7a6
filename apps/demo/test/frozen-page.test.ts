// The client in a page whose browser is stopped for a while; the server goes on meanwhile.
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { defineService, startNode } from '@skynet/core';
import { ws } from '@skynet/core/ws';
import { startGateserver } from '@skynet/gateserver';
import { startMsgServer } from '@skynet/msgserver';
import { build } from 'esbuild';
import { chromium } from 'playwright-core';
import { describe, expect, onTestFinished, test } from 'vitest';

const CHROMIUM = process.env['SKYNET_CHROMIUM'] ?? '/usr/bin/chromium';
const isThere = existsSync(CHROMIUM) && existsSync('/proc/self/stat');
if (!isThere) console.warn(`A frozen page is not tested: that needs ${CHROMIUM}, and Linux`);

/** A message server that answers after a fifth of a second; its port. */
async function startServer(): Promise<number> {
  const node = await startNode({ watchdog: false, transports: [ws()] }, { onLog: () => {} });
  onTestFinished(() => node.stop());
  const handle = await node.newService(
    defineService((skynet) => {
      const server = startMsgServer(skynet, startGateserver, {
        loginHandler(uid, secret) {
          server.login(server.username(uid, 1, 'sample'), secret);
          return 1;
        },
        logoutHandler() {},
        kickHandler() {},
        requestHandler: (_username, content) => skynet.sleep('200ms').then(() => content),
        registerHandler: () => server.address,
      });
    }),
  );
  const address = await node.run(async (skynet) => {
    await skynet.call(handle, 'lua', 'login', 'anna', '12345678');
    return skynet.call<string>(handle, 'lua', 'open', { url: 'ws://127.0.0.1:0', servername: 'sample' });
  });
  return Number(/\d+$/.exec(address)?.[0]);
}

/** A page with the client in it as `skynet`; its address. */
async function startPage(): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [path.resolve(import.meta.dirname, '../../../packages/msgserver/src/client/index.ts')],
    bundle: true,
    write: false,
    format: 'iife',
    globalName: 'skynet',
    conditions: ['@skynet/source'],
  });
  const script = outputFiles[0]?.text;
  const server = createServer((_request, response) => {
    response.writeHead(200, { 'content-type': 'text/html' });
    response.end(`<!doctype html><link rel="icon" href="data:,"><script>${script}</script>`);
  });
  onTestFinished(() => void server.close().closeAllConnections());
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** Run in the page: asks, says that it has, and tells what came of it. */
const ASK = `async ({ port, silence, requestTimeout }) => {
  let lost = 0;
  const client = await skynet.connect({
    dial: skynet.webSocketDialer('ws://127.0.0.1:' + port),
    user: 'anna',
    server: 'sample',
    subid: 1,
    secret: new TextEncoder().encode('12345678'),
    index: Date.now(),
    silence,
    requestTimeout,
    on: { disconnected: () => lost++ },
  });
  const answer = client.request('hello');
  asked();
  const outcome = await answer.then(
    (bytes) => 'answered ' + new TextDecoder().decode(bytes),
    (error) => error.code,
  );
  client.close();
  return { outcome, lost };
}`;

/** The process of a browser that has the sockets. */
function networkProcess(parent: number): number {
  const all = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  const found = all.find((pid) => {
    try {
      const isOfGroup =
        readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ')[2] === `${parent}`;
      return (
        isOfGroup && readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('network.mojom.NetworkService')
      );
    } catch {
      return false; // it has ended meanwhile
    }
  });
  if (found === undefined) throw new Error('the browser has no process for the network');
  return Number(found);
}

describe.runIf(isThere)('a page that is frozen while an answer comes, as on a laptop that sleeps', () => {
  test('keeps its connection and gets the answer', async () => {
    const program = await chromium.launchServer({
      executablePath: CHROMIUM,
      args: ['--no-sandbox', '--disable-gpu'],
    });
    onTestFinished(() => program.kill());
    const browser = await chromium.connect(program.wsEndpoint());
    const [port, address] = await Promise.all([startServer(), startPage()]);
    const page = await browser.newPage();
    let asked = (): void => {};
    await page.exposeFunction('asked', () => asked());
    await page.goto(address);
    const { pid = 0 } = program.process();
    const network = networkProcess(pid);
    for (const [silence, requestTimeout, frozen] of [
      [3000, 30_000, 4000],
      [15_000, 3000, 4000],
      [3000, 3000, 7000],
    ]) {
      const options = { port, silence, requestTimeout };
      const hasAsked = new Promise<void>((resolve) => {
        asked = resolve;
      });
      const asking = page.evaluate(`(${ASK})(${JSON.stringify(options)})`);
      await Promise.race([hasAsked, asking]);
      process.kill(-pid, 'SIGSTOP');
      await new Promise((resolve) => setTimeout(resolve, frozen));
      process.kill(-pid, 'SIGCONT');
      // The page first, then what brings it its bytes.
      process.kill(network, 'SIGSTOP');
      await page.evaluate('new Promise((resolve) => setTimeout(resolve, 0))');
      process.kill(network, 'SIGCONT');
      expect(await asking, JSON.stringify(options)).toEqual({ outcome: 'answered hello', lost: 0 });
    }
  });
});

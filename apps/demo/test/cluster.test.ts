import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { connect } from 'node:net';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { Happenings } from '@skynet/core/testing';
import { chromium } from 'playwright-core';
import { expect, onTestFinished, test } from 'vitest';
import { freePorts } from '../../../test/free-port.ts';

const DEMO = fileURLToPath(new URL('../cluster/demo.ts', import.meta.url));

const CHROMIUM = process.env['SKYNET_CHROMIUM'] ?? '/usr/bin/chromium';
const isThere = existsSync(CHROMIUM);
if (!isThere) {
  const text = `no ${CHROMIUM}: install it (apt-get install chromium), or name another in SKYNET_CHROMIUM`;
  if (process.env['CI'] !== undefined) throw new Error(text);
  console.warn(`The page of the cluster is not tested: ${text}`);
}

function linesOf(child: ChildProcess): Happenings<string> {
  const lines = new Happenings<string>('lines of the demo', { patience: '40s' });
  createInterface(child.stdout as NodeJS.ReadableStream).on('line', (line) => lines.add(line));
  return lines;
}

/** A player, once the node has welcomed it. */
async function player(port: number, name: string) {
  const socket = connect(port, '127.0.0.1');
  onTestFinished(() => void socket.destroy());
  const lines = new Happenings<string>(`what ${name} hears`, { patience: '40s' });
  createInterface(socket).on('line', (line) => lines.add(line));
  socket.write(`${name}\n`);
  await lines.find((line) => line === `* welcome, ${name}`, 'the welcome');
  return {
    say: (text: string) => void socket.write(`${text}\n`),
    hears: (text: string | RegExp) =>
      lines.find((line) => (typeof text === 'string' ? line === text : text.test(line)), String(text)),
  };
}

/** Starts the demo on free ports; resolves when all nodes have found each other. */
async function startDemo() {
  const ports = await freePorts(6);
  const demo = spawn(process.execPath, ['--import', 'tsx', DEMO], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, SKYNET_CLUSTER_PORTS: ports.join(',') },
  });
  onTestFinished(() => void demo.kill('SIGKILL'));
  const lines = linesOf(demo);
  const room = await lines.find((line) => /^room \| process/.test(line), 'the room');
  await lines.find((line) => /node one has come/.test(line), 'node one');
  await lines.find((line) => /node two has come/.test(line), 'node two');
  const stop = async (): Promise<unknown> => {
    demo.kill('SIGTERM');
    return once(demo, 'exit');
  };
  return { ports, lines, room: Number(/\d+$/.exec(room)?.[0]), stop };
}

test('players of two nodes chat over a third, which is killed and comes back', async () => {
  const { ports, lines, room, stop } = await startDemo();
  const ann = await player(ports[0] as number, 'ann');
  const bob = await player(ports[1] as number, 'bob');
  ann.say('hello');
  await bob.hears('ann@one: hello');
  bob.say('hi');
  await ann.hears('bob@two: hi');

  const from = lines.all.length;
  process.kill(room, 'SIGKILL');
  await lines.find((line) => /room \| has ended/.test(line), 'the end of the room', from);
  ann.say('anybody?');
  await ann.hears(/^\* nobody heard that|^ann@one: anybody\?/);
  await lines.find((line) => /node one has come/.test(line), 'node one again', from);
  await lines.find((line) => /node two has come/.test(line), 'node two again', from);
  ann.say('again');
  await bob.hears('ann@one: again');

  expect(await stop()).toEqual([0, null]);
});

test.runIf(isThere)(
  'the page shows the nodes, lets players of two chat, and shows who ends and comes back',
  async () => {
    const { ports, stop } = await startDemo();
    const browser = await chromium.launch({
      executablePath: CHROMIUM,
      args: ['--no-sandbox', '--disable-gpu'],
    });
    onTestFinished(() => browser.close());
    const page = await browser.newPage({ viewport: { width: 390, height: 844 } });
    page.setDefaultTimeout(40_000);
    const problems: string[] = [];
    page.on('pageerror', (error) => problems.push(error.message));
    const url = `http://127.0.0.1:${ports[5]}`;
    await page.goto(url);
    const say = async (who: string, text: string): Promise<void> => {
      await page.locator(`#talk-${who} button:enabled`).waitFor();
      await page.locator(`#talk-${who}`).getByRole('textbox').fill(text);
      await page.keyboard.press('Enter');
    };
    const heard = (where: string, text: string | RegExp) =>
      page.locator(`#talk-${where}`).getByText(text).first();

    for (const node of ['one', 'two', 'room'])
      await page.getByText(new RegExp(`^${node}: up since`)).waitFor();
    await say('one', 'hello <b>there</b>');
    await heard('two', 'ann@one: hello <b>there</b>').waitFor();
    await say('two', 'hi');
    await heard('one', 'bob@two: hi').waitFor();

    // The node of a player, and the room.
    for (const [node, speaker, listener] of [
      ['two', 'one', 'two'],
      ['room', 'two', 'one'],
    ] as const) {
      await page.getByRole('button', { name: `End ${node}` }).click();
      await page.getByText(new RegExp(`^${node}: lost since`)).waitFor();
      await page.getByText(new RegExp(`^${node}: back since .*, lost 1 time$`)).waitFor();
      // Who says something before the room has heard of the other node is not heard there.
      const text = new RegExp(`after ${node} \\d+$`);
      for (let i = 1; (await heard(listener, text).count()) === 0; i++) {
        const answers = page.locator(`#talk-${speaker} li`).filter({ hasText: /nobody heard that|after/ });
        const before = await answers.count();
        await say(speaker, `after ${node} ${i}`);
        await answers.nth(before).waitFor();
      }
    }
    // Other pages of the browser cannot order anything.
    const order = (headers: Record<string, string>): Promise<unknown> =>
      fetch(`${url}/kill`, { method: 'POST', headers, body: '{"node":"one"}' }).then((answer) =>
        answer.json(),
      );
    expect(await order({ 'content-type': 'text/plain' })).toEqual({ killed: false });
    expect(await page.evaluate('document.documentElement.scrollWidth <= window.innerWidth')).toBe(true);
    expect(problems).toEqual([]);
    if (process.env['SKYNET_SCREENSHOTS'] !== undefined)
      await page.screenshot({ path: path.join(process.env['SKYNET_SCREENSHOTS'], 'cluster.png') });
    expect(await stop()).toEqual([0, null]);
  },
  120_000,
);

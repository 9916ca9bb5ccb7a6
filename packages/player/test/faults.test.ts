import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { Happenings } from '@skynet/core/testing';
import { connect, login } from '@skynet/msgserver/client';
import { dialer } from '@skynet/msgserver/client/node';
import { connectPlayer, type PlayerClient, PlayerError } from '@skynet/player/client';
import { expect, onTestFinished, test } from 'vitest';
import { freePorts } from '../../../test/free-port.ts';
import {
  listening,
  removeFolder,
  type ServerProcess,
  startServer as startProcess,
  temporaryFolder,
} from '../../../test/server-process.ts';
import type player from './fixtures/ledger/player.ts';
import { enter, heard, startServer } from './harness.ts';

const SERVER = path.join(import.meta.dirname, 'fixtures/ledger-server.ts');
const PLAYERS = Number(process.env['SKYNET_PLAYERS'] ?? 100);

/** A server in a process of its own. */
async function startLedger(ledger: string, ports: readonly number[]): Promise<ServerProcess> {
  const server = startProcess(process.execPath, [
    '--conditions=@skynet/source',
    '--import=tsx',
    SERVER,
    ledger,
    ...ports.map(String),
  ]);
  onTestFinished(() => server.kill());
  for (const port of ports) await listening(server, port);
  return server;
}

/** Ends the server in order, as a deploy does, and waits until it has ended by itself. */
async function stopInOrder({ child }: ServerProcess): Promise<void> {
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  expect(await ended).toEqual([0, null]);
}

test.each([
  ['is killed', (server: ServerProcess) => server.kill()],
  ['is started anew by a deploy', stopInOrder],
] as const)(
  'the server %s while a hundred play: they come back, and nothing is done twice',
  async (how, end) => {
    const folder = temporaryFolder('ledger');
    onTestFinished(() => removeFolder(folder));
    const ledger = path.join(folder, 'ledger');
    writeFileSync(ledger, '');
    const ports = await freePorts(2);
    const first = await startLedger(ledger, ports);

    const backs = new Happenings<string>('players that are back', { patience: '60s' });
    const answers = new Happenings<string>('answers', { patience: '60s' });
    const lost = new Set<string>();
    const kicked: string[] = [];
    const users = Array.from({ length: PLAYERS }, (_, number) => `player${number}`);
    const [loginPort, gamePort] = ports;
    const clients = new Map<string, PlayerClient<typeof player>>();
    for (const user of users) {
      const client = await connectPlayer<typeof player>({
        login: (signal) =>
          login({
            dial: dialer(`127.0.0.1:${loginPort}`),
            server: 'game',
            user,
            password: 'password',
            signal,
          }),
        connect: (options) =>
          connect({ ...options, dial: dialer(`127.0.0.1:${gamePort}`), backoff: { first: 20, max: 200 } }),
        on: { resumed: ({ fresh }) => fresh && backs.add(user), kicked: () => kicked.push(user) },
        backoff: { first: 20, max: 200 },
      });
      onTestFinished(() => client.close());
      clients.set(user, client);
    }
    let isPlaying = true;
    const play = async (user: string, client: PlayerClient<typeof player>): Promise<void> => {
      for (let number = 1; isPlaying; number++) {
        const note = `${user} ${number}`;
        try {
          await client.request.note(number);
          answers.add(note);
        } catch (error) {
          if (!(error instanceof PlayerError) || error.code !== 'ERR_PLAYER_LOST') throw error;
          lost.add(note);
        }
      }
    };
    const playing = Promise.all([...clients].map(([user, client]) => play(user, client)));
    await answers.count(PLAYERS * 5);
    await end(first);
    await startLedger(ledger, ports);
    await backs.count(PLAYERS);
    await answers.count(answers.all.length + PLAYERS * 5);
    isPlaying = false;
    await playing;

    const lines = readFileSync(ledger, 'utf8').trim().split('\n');
    const notes = lines.filter((line) => line.startsWith('player'));
    const written = new Set(notes);
    expect(notes.length, 'notes that stand there twice').toBe(written.size);
    expect(answers.all.filter((note) => !written.has(note))).toEqual([]);
    expect(notes.filter((note) => !lost.has(note)).length).toBe(answers.all.length);
    expect(new Set(backs.all).size).toBe(PLAYERS);
    expect(kicked).toEqual([]);
    if (how !== 'is killed') {
      // A server that ends in order has answered what it was asked: nothing is in doubt, unless it says so.
      if (!lines.includes('late')) expect([...lost]).toEqual([]);
      // What players put away when they end is all that they did.
      const old = lines.slice(0, lines.lastIndexOf('start'));
      for (const user of users)
        expect(old.findLastIndex((line) => line === `end ${user}` || line.startsWith(`${user} `))).toBe(
          old.indexOf(`end ${user}`),
        );
    }
  },
  120_000,
);

test('a storm of lost connections costs no request and runs none twice', async () => {
  const server = await startServer();
  const users = Array.from({ length: 20 }, (_, number) => `player${number}`);
  const clients = await Promise.all(users.map((user) => enter(server, user)));
  const rounds = 10;
  for (let round = 1; round <= rounds; round++) {
    const sums = clients.map((client) => client.request.add(1));
    for (const client of clients) client.drop();
    expect(new Set(await Promise.all(sums))).toEqual(new Set([round]));
  }
  await Promise.all(clients.map((client) => heard(client, 'resumed')));
  expect(await server.call('players')).toHaveLength(users.length);
});

test('all log in at once, and again: one player each', async () => {
  const server = await startServer();
  const clients = await Promise.all(
    Array.from({ length: 12 }, () => enter(server, 'anna', { requestTimeout: 5000 }).catch(() => undefined)),
  );
  const last = clients.filter((client) => client?.state === 'open');
  expect(await server.call('players')).toHaveLength(1);
  expect(last.length).toBeLessThanOrEqual(1);
});

import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { isSkynetError } from '@skynet/core';
import { randomFrom } from '@skynet/core/testing';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { startNats } from '../../../../test/nats.ts';
import type { NatsOptions } from '../../src/nats.ts';
import { codeOf } from '../calls.ts';
import { PeerProcess } from '../mesh/peer-process.ts';
import { newMesh, onServer, ownServer, startPeer, why } from './nodes.ts';

const config = 'nats.config.mjs';
const SEED = Number(process.env['NATS_SEED'] ?? 20_261_128);
const certificates = fileURLToPath(new URL('../../../core/test/transport/fixtures', import.meta.url));
const cert = path.join(certificates, 'localhost.cert.pem');
const key = path.join(certificates, 'localhost.key.pem');

/** Somebody who is no server of NATS; its address. */
async function impostor(greet: (socket: Socket) => void): Promise<string> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {}).resume();
    greet(socket);
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  onTestFinished(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  return `127.0.0.1:${(server.address() as { port: number }).port}`;
}

/** Starts a node that fails; the error. */
async function failing(options: NatsOptions): Promise<Error> {
  try {
    await startPeer(options);
  } catch (error) {
    return error as Error;
  }
  throw new Error('the node was let in');
}

const INFO = JSON.stringify({ server_id: 'x', version: '2.9.0', max_payload: 1 << 20, headers: true });

describe('somebody who is no server of NATS', () => {
  test.each<[string, (socket: Socket) => void]>([
    ['closes at once', (socket) => socket.destroy()],
    ['says nothing', () => {}],
    ['speaks HTTP', (socket) => socket.write('HTTP/1.1 400 Bad Request\r\n\r\n')],
    ['begins and goes on without an end', (socket) => socket.write(`INFO {"a":"${'x'.repeat(1 << 20)}`)],
    ['says what is no JSON', (socket) => socket.write('INFO {\r\n')],
    ['says null', (socket) => socket.write('INFO null\r\n')],
    ['says nonsense behind a greeting', (socket) => socket.write(`INFO ${INFO}\r\n\x1b[31mred\x00\r\n`)],
    ['greets and says no more', (socket) => socket.write(`INFO ${INFO}\r\n`)],
    [
      'has too small packets',
      (socket) => socket.write('INFO {"max_payload":1,"headers":true}\r\n+OK\r\nPONG\r\n'),
    ],
  ])('%s: the node gives up in time, and says so', async (_, greet) => {
    // The client of NATS says there what it makes of a server that greets and then speaks something else.
    const print = vi.spyOn(console, 'log').mockImplementation(() => {});
    onTestFinished(() => print.mockRestore());
    const server = await impostor(greet);
    const error = await failing({ id: 1, servers: server, joinTimeout: '700ms' });
    expect(isSkynetError(error) && error.code).toBe('ERR_MESH_UNREACHABLE');
    expect(error.message).toContain(server);
    expect(error.message).not.toMatch(/\p{Cc}/u);
  });

  test(`says anything (NATS_SEED=${SEED})`, async () => {
    const random = randomFrom(SEED);
    const below = (limit: number): number => Math.floor(random() * limit);
    const server = await impostor((socket) => {
      if (below(3) > 0) socket.write(`INFO ${INFO}\r\n`);
      socket.write(Uint8Array.from({ length: below(100) }, () => below(256)));
      if (below(3) > 0) socket.end();
    });
    expect(await codeOf(startPeer({ id: 1, servers: server, joinTimeout: '3s' }))).toBe(
      'ERR_MESH_UNREACHABLE',
    );
  });

  onServer(`among servers: the others are found${why}`, async () => {
    const nats = await ownServer();
    const servers = [
      await impostor((socket) => socket.destroy()),
      await impostor((socket) => socket.write('220 mail.example ESMTP\r\n')),
      nats.url,
    ];
    await startPeer({ id: 1, servers, mesh: newMesh() });
  });
});

describe('a server that asks who comes', () => {
  onServer(`for a name and a password${why}`, async () => {
    const { url: servers } = await ownServer(['--user', 'skynet', '--pass', 'secret']);
    const given = { id: 1, servers, mesh: newMesh() };
    for (const who of [{}, { user: 'skynet', password: 'wrong' }, { token: 'secret' }]) {
      const error = await failing({ ...given, ...who });
      expect(isSkynetError(error) && error.code).toBe('ERR_MESH_REFUSED');
      expect(error.message).not.toMatch(/wrong|secret/);
    }
    await startPeer({ ...given, user: 'skynet', password: 'secret' });
  });

  onServer(`for a token${why}`, async () => {
    const { url: servers } = await ownServer(['--auth', 'secret']);
    const given = { id: 1, servers, mesh: newMesh() };
    expect(await codeOf(startPeer({ ...given, token: 'wrong' }))).toBe('ERR_MESH_REFUSED');
    await startPeer({ ...given, token: 'secret' });
  });

  onServer(`for TLS, and for a certificate${why}`, async () => {
    const { url: servers } = await ownServer([
      ...['--tls', '--tlscert', cert, '--tlskey', key],
      ...['--tlscacert', cert, '--tlsverify'],
    ]);
    const given = { id: 1, servers, mesh: newMesh(), joinTimeout: '1s' as const };
    const error = await failing(given);
    expect(isSkynetError(error) && error.code).toBe('ERR_MESH_UNREACHABLE');
    expect(error.message).toMatch(/self-signed certificate/);
    // What the server has against it is not told.
    expect(await codeOf(startPeer({ ...given, tls: { ca: cert } }))).toBe('ERR_MESH_UNREACHABLE');
    await startPeer({ ...given, joinTimeout: '30s', tls: { ca: cert, cert, key } });
  });

  test.each([
    [{ credentials: '/nowhere/to/be/found' }, 'credentials'],
    [{ tls: { ca: '/nowhere/to/be/found' } }, 'tls.ca'],
    [{ tls: { cert: '/nowhere', key: '/nowhere' } }, 'tls.cert'],
  ])('a file that is not there is told of at once: %j', async (given, option) => {
    const error = await failing({ id: 1, servers: '127.0.0.1:1', ...given });
    expect(isSkynetError(error, 'ERR_ARGUMENT') && error.details?.['key']).toBe(option);
  });

  onServer(`a server without JetStream keeps no mesh${why}`, async () => {
    const server = await startNats([], { jetStream: false });
    onTestFinished(() => server.stop());
    const error = await failing({ id: 1, servers: server.url, joinTimeout: '1s' });
    expect(isSkynetError(error) && error.code).toBe('ERR_MESH_UNREACHABLE');
    expect(error.message).toMatch(/JetStream/);
  });
});

test('without the client of NATS a node says what to install', async () => {
  const hooks = new URL('../fixtures/mesh/without-nats.mjs', import.meta.url).href;
  const node = new PeerProcess(
    { id: 1, servers: '127.0.0.1:1' },
    { config, nodeOptions: `--import ${hooks}` },
  );
  expect(await node.exitCode()).toBe(1);
  const text = node.lines.all.join('\n');
  expect(text).toMatch(/ERR_NATS_MISSING/);
  expect(text).toMatch(/npm install @nats-io\/transport-node/);
});

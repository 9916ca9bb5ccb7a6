import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, connect as netConnect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { setImmediate as turn } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { RecordingReceiver } from '@skynet/core/testing';
import { type Connection, createTransports, type TcpOptions, tcp } from '@skynet/core/transport';
import { describe, expect, it, onTestFinished } from 'vitest';

const ENGINES: [string, TcpOptions][] = [
  ['native handles', {}],
  ['net.Socket', { native: false }],
];

describe.each(ENGINES)('tcp over %s', (_, options) => {
  const transports = createTransports([tcp(options)]);

  it('says why it could not connect, as the original does', async () => {
    const listener = await transports.listen('127.0.0.1:0', {}, () => {});
    await listener.close();
    await expect(transports.connect(listener.url)).rejects.toEqual(
      expect.objectContaining({
        code: 'ERR_CONNECT',
        message: 'Connection refused',
        details: { address: listener.address, reason: 'ECONNREFUSED' },
      }),
    );
    // A label of 64 letters is refused before anybody is asked.
    const name = `${'a'.repeat(64)}.invalid`;
    await expect(transports.connect(`${name}:80`)).rejects.toEqual(
      expect.objectContaining({
        code: 'ERR_CONNECT',
        message: 'Name or service not known',
        details: { address: `${name}:80`, reason: 'ENOTFOUND' },
      }),
    );
  });

  it('says why it could not listen', async () => {
    const listener = await transports.listen('127.0.0.1:0', {}, () => {});
    await expect(transports.listen(listener.address, {}, () => {})).rejects.toEqual(
      expect.objectContaining({
        code: 'ERR_LISTEN',
        message: `Listen error: ${listener.address} is already in use`,
        details: { address: listener.address, reason: 'EADDRINUSE' },
      }),
    );
    await listener.close();
    await expect(transports.listen('192.0.2.1:0', {}, () => {})).rejects.toEqual(
      expect.objectContaining({
        code: 'ERR_LISTEN',
        message: 'Listen error: 192.0.2.1:0: Cannot assign requested address',
      }),
    );
    await expect(transports.listen('unix:///nowhere/at/all', {}, () => {})).rejects.toEqual(
      expect.objectContaining({
        code: 'ERR_LISTEN',
        message: 'Listen error: /nowhere/at/all: Permission denied',
      }),
    );
  });

  it('resolves names, and names addresses as ip:port', async () => {
    const accepted: Connection[] = [];
    const listener = await transports.listen('tcp://localhost:0', {}, (connection) =>
      accepted.push(connection),
    );
    expect(listener.address).toMatch(/^(127\.0\.0\.1|\[::1\]):\d+$/);
    expect(listener.url).toBe(`tcp://${listener.address}`);
    const connection = await transports.connect(`localhost:${listener.port}`);
    expect(connection.remoteAddress).toBe(listener.address);
    connection.destroy();
    await listener.close();
    for (const each of accepted) each.destroy();
  });

  it('shows version 4 addresses as such when it listens on all addresses', async () => {
    const listener = await transports.listen('tcp://[::]:0', {}, (connection) => {
      expect(connection.remoteAddress).toMatch(/^127\.0\.0\.1:\d+$/);
      connection.close();
    });
    expect(listener.url).toBe(`tcp://[::1]:${listener.port}`);
    const connection = await transports.connect(`127.0.0.1:${listener.port}`);
    const heard = new RecordingReceiver();
    connection.start(heard);
    await heard.event('end');
    connection.close();
    await heard.event('closed');
    await listener.close();
  });

  it('gives up connecting while it is under way', async () => {
    const controller = new AbortController();
    const attempt = transports.connect('127.0.0.1:1', { signal: controller.signal });
    controller.abort(new Error('not any more'));
    await expect(attempt).rejects.toEqual(
      expect.objectContaining({
        code: 'ERR_ABORTED',
        cause: expect.objectContaining({ message: 'not any more' }),
      }),
    );
  });

  it('reports a reset, and says that it is over', async () => {
    const accepted: Socket[] = [];
    const server = createServer((socket) => accepted.push(socket)).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const connection = await transports.connect(`127.0.0.1:${(server.address() as { port: number }).port}`);
    const heard = new RecordingReceiver();
    connection.start(heard);
    connection.write(Buffer.from('hello'));
    while (accepted.length === 0) await turn();
    accepted[0]?.resetAndDestroy();
    await heard.event('closed');
    expect(heard.events).toEqual(['error ERR_CONNECTION_RESET', 'closed']);
    expect(heard.errors[0]).toMatchObject({
      message: 'Connection reset by peer',
      details: { address: connection.remoteAddress, reason: 'ECONNRESET' },
    });
    server.close();
  });

  it('reports a reset that only a write can notice', async () => {
    const accepted: Socket[] = [];
    const server = createServer((socket) => accepted.push(socket)).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const connection = await transports.connect(`127.0.0.1:${(server.address() as { port: number }).port}`);
    const heard = new RecordingReceiver();
    connection.start(heard);
    connection.pause();
    connection.write(new Uint8Array(64 << 20));
    for (let i = 0; i < 10 || accepted.length === 0; i++) await turn();
    expect(connection.pendingBytes).toBe(64 << 20);
    accepted[0]?.resetAndDestroy();
    await heard.event('closed');
    expect(heard.events).toEqual(['error ERR_CONNECTION_RESET', 'closed']);
    expect(connection.pendingBytes).toBe(0);
    server.close();
  });

  it('survives clients that are gone before they are accepted', async () => {
    const heard: RecordingReceiver[] = [];
    const listener = await transports.listen('127.0.0.1:0', {}, (connection) => {
      const receiver = new RecordingReceiver();
      heard.push(receiver);
      connection.start(receiver);
      connection.write(Buffer.from('too late'));
    });
    for (let i = 0; i < 20; i++) {
      const socket = netConnect(listener.port, '127.0.0.1');
      await once(socket, 'connect');
      socket.resetAndDestroy();
    }
    while (heard.length < 20) await turn();
    for (const receiver of heard) {
      await receiver.event('closed');
      expect(receiver.events.at(-1)).toBe('closed');
      expect(receiver.events.filter((event) => event === 'closed')).toHaveLength(1);
    }
    await listener.close();
  });

  it('does not reset a connection whose peer has said more when it closes, so that nothing sent is lost', async () => {
    const listener = await transports.listen('127.0.0.1:0', {}, (accepted) => {
      accepted.start({
        data: () => {
          // It lies in the system, unread, when this side closes.
          socket.write('more');
          accepted.write(Buffer.from('bye'));
          accepted.close();
        },
        drained: () => {},
        end: () => {},
        error: () => {},
        closed: () => {},
      });
    });
    const heard: string[] = [];
    const socket = netConnect({
      host: '127.0.0.1',
      port: listener.port as number,
      noDelay: true,
      // As large as what comes: one that is not filled hides a reset behind an end.
      onread: {
        buffer: Buffer.alloc(3),
        callback: (length, bytes) => heard.push(String(bytes.subarray(0, length))) > 0,
      },
    });
    onTestFinished(() => void socket.destroy());
    socket.write('first');
    await once(socket, 'end');
    expect(heard.join('')).toBe('bye');
    await listener.close();
  });

  it('takes settings at any time, also when it is over', async () => {
    const listener = await transports.listen('127.0.0.1:0', {}, (connection) => connection.close());
    const connection = await transports.connect(listener.url);
    connection.setNoDelay(false);
    connection.setKeepAlive(1500);
    connection.setKeepAlive(0);
    const heard = new RecordingReceiver();
    connection.start(heard);
    connection.destroy();
    connection.setNoDelay(true);
    connection.setKeepAlive(1000);
    await heard.event('closed');
    connection.setNoDelay(true);
    await listener.close();
  });

  it('turns clients away while descriptors are short, says so, and goes on', async () => {
    const fixture = new URL('./fixtures/echo-with-few-descriptors.ts', import.meta.url).pathname;
    // Enough for all files of the package, which are opened together when it is loaded from its sources.
    const command = `ulimit -n 512 && exec "$0" --import tsx --conditions @skynet/source "$1" '${JSON.stringify(options)}'`;
    const child = spawn('sh', ['-c', command, process.execPath, fixture], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
    const next = async (): Promise<string> => String((await lines.next()).value);
    try {
      const port = Number(await next());
      const sockets: Socket[] = [];
      let refused = 0;
      for (let i = 0; i < 540; i++) {
        const socket = netConnect(port, '127.0.0.1');
        socket.on('error', () => {});
        socket.once('close', () => refused++);
        socket.resume();
        sockets.push(socket);
        await once(socket, 'connect');
      }
      expect(await next()).toBe('ERR_LISTEN accept error: Too many open files');
      while (refused === 0) await turn();
      expect(refused).toBeLessThan(540);
      for (const socket of sockets) socket.destroy();
      // The child needs a moment to see that they are gone.
      for (let answered = false; !answered; ) {
        const socket = netConnect(port, '127.0.0.1').on('error', () => {});
        socket.write('hello');
        answered = await new Promise((resolve) => {
          socket.once('data', (data) => resolve(data.toString() === 'hello'));
          socket.once('close', () => resolve(false));
        });
        socket.destroy();
      }
    } finally {
      child.stdin.end();
      await once(child, 'close');
    }
  });

  it('works in a worker thread', async () => {
    const fixture = new URL('./fixtures/echo-worker.mjs', import.meta.url);
    const worker = new Worker(fixture, {
      execArgv: ['--conditions', '@skynet/source'],
      workerData: options,
    });
    const [port] = (await once(worker, 'message')) as [number];
    const connection = await transports.connect(`127.0.0.1:${port}`);
    const heard = new RecordingReceiver();
    connection.start(heard);
    connection.write(Buffer.from('hello'));
    expect((await heard.size(5)).toString()).toBe('hello');
    // A thread that ends takes its connections along.
    await worker.terminate();
    await heard.until('the end', () => heard.events.length > 0);
    connection.destroy();
    await heard.event('closed');
  });
});

it('replaces the socket file of a process that was killed, but not that of a living one, nor any other file', async () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'skynet-unix-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const file = path.join(folder, 'socket');
  const transports = createTransports([tcp()]);
  const refused = (): Promise<void> =>
    expect(transports.listen(`unix://${file}`, {}, () => {})).rejects.toMatchObject({ code: 'ERR_LISTEN' });
  for (let round = 0; round < 5; round++) {
    const child = spawn(process.execPath, [
      '-e',
      `require('node:net').createServer().listen(${JSON.stringify(file)}, () => console.log('listens'))`,
    ]);
    await once(child.stdout, 'data');
    await refused();
    child.kill('SIGKILL');
    await once(child, 'exit');
    const listener = await transports.listen(`unix://${file}`, {}, () => {});
    await listener.close();
  }
  writeFileSync(file, 'precious');
  await refused();
  expect(readFileSync(file, 'utf8')).toBe('precious');
});

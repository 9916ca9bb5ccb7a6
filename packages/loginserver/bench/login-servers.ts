import { createServer, type Socket } from 'node:net';
import path from 'node:path';
import { startNode } from '@skynet/core';
import type { Measure } from '../../core/bench/case.ts';
import type { Effort } from '../../core/bench/effort.ts';
import { originalServer } from '../../core/bench/original.ts';
import { runLoadProgram } from '../../core/bench/spawn-load.ts';
import { Flusher } from '../../core/src/transport/flusher.ts';
import { HandleEngine } from '../../core/src/transport/handle-engine.ts';
import { handleOf, type NativeServer, nativeStreams } from '../../core/src/transport/native-stream.ts';
import { ClassicHandshake, createChallenge } from '../src/handshake.ts';
import { okStatus } from '../src/status.ts';

const LOAD = path.join(import.meta.dirname, 'login-load.ts');

interface LoginResult {
  readonly answers: number;
  readonly rate: number;
}

/** Logins a second, and what each costs the server in microseconds. */
async function load(
  port: number,
  clients: number,
  { tiny }: Effort,
  usage?: () => number,
): Promise<readonly number[]> {
  const options = { port, clients, seconds: tiny ? 0.2 : 2 };
  const { rate, serverEffort } = await runLoadProgram<LoginResult>(LOAD, options, usage);
  return [rate, serverEffort];
}

/** The same at the original's. */
export function originalLogins(clients: number): Measure {
  return async (effort) => {
    const { port, stop, usage } = await originalServer('benchloginmain');
    const figures = await load(port, clients, effort, usage);
    stop();
    return figures;
  };
}

/** Logins by so many clients at once, at a login server with eight slaves over so many threads. */
export function logins(clients: number, thread: number): Measure {
  return async (effort) => {
    const node = await startNode(
      { harbor: 1, thread, services: ['./services/?'] },
      { base: import.meta.dirname, onLog: () => {} },
    );
    const handle = await node.newService('login');
    const port = await node.run((skynet) => skynet.call<number>(handle, 'lua', 'port'));
    const figures = await load(port, effort.count(clients), effort);
    await node.stop();
    return figures;
  };
}

/** The same conversation and arithmetic by hand on plain node:net, in one thread. */
export function netLogins(clients: number): Measure {
  return async (effort) => {
    let last = 0;
    const server = createServer((socket: Socket) => {
      const challenge = createChallenge();
      const handshake = new ClassicHandshake(challenge.bytes);
      let received = '';
      socket.setEncoding('latin1');
      socket.setNoDelay(true);
      socket.on('error', () => {});
      socket.write(`${challenge.line}\n`);
      socket.on('data', (chunk: string) => {
        received += chunk;
        for (let at = received.indexOf('\n'); at >= 0; at = received.indexOf('\n')) {
          const step = handshake.take(received.slice(0, at));
          received = received.slice(at + 1);
          if ('token' in step) socket.end(`${okStatus(++last)}\n`);
          else if ('say' in step && step.say !== '') socket.write(`${step.say}\n`);
        }
      });
    });
    const port = await new Promise<number>((resolve) =>
      server.listen(0, '127.0.0.1', () => resolve((server.address() as { port: number }).port)),
    );
    const figures = await load(port, effort.count(clients), effort);
    server.close();
    return figures;
  };
}

/**
 * The same on Node's bare handles below node:net: accepts, reads, writes and closes, and knows nothing of who comes,
 * of limits, of services or of clients that do something else.
 */
export function handleLogins(clients: number): Measure {
  return async (effort) => {
    const streams = nativeStreams();
    if (streams === undefined) return [Number.NaN, Number.NaN];
    const engine = new HandleEngine(streams, new Flusher());
    let last = 0;
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    (handleOf(server) as NativeServer).onconnection = (status, handle) => {
      if (status !== 0 || handle === undefined) return;
      const challenge = createChallenge();
      const handshake = new ClassicHandshake(challenge.bytes);
      let received = '';
      const say = (line: string): void => void engine.write(handle, Buffer.from(`${line}\n`, 'latin1'));
      engine.own(handle, {
        onread(size) {
          if (size <= 0) {
            handle.close();
            return undefined;
          }
          received += Buffer.from(engine.buffer.buffer, 0, size).toString('latin1');
          for (let at = received.indexOf('\n'); at >= 0; at = received.indexOf('\n')) {
            const step = handshake.take(received.slice(0, at));
            received = received.slice(at + 1);
            if ('token' in step) {
              say(okStatus(++last));
              handle.close();
              break;
            }
            if ('say' in step && step.say !== '') say(step.say);
          }
          return undefined;
        },
      });
      say(challenge.line);
      handle.readStart();
    };
    const { port } = server.address() as { port: number };
    const figures = await load(port, effort.count(clients), effort);
    server.close();
    return figures;
  };
}

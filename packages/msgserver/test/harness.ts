import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { defineService, type Handle, type Skynet, type SkynetConfig } from '@skynet/core';
import { FrameReader, pack } from '@skynet/core/netpack';
import { startTestNode, type TestNode } from '@skynet/core/testing';
import { type GateOptions, startGateserver } from '@skynet/gateserver';
import { onTestFinished } from 'vitest';
import { type MsgHandlers, type MsgOptions, type MsgServer, startMsgServer } from '../src/index.ts';
import { decodeAnswer, encodeRequest, handshakeText } from '../src/wire.ts';

/** A message server whose handlers do what the recorded one did, and write down what they are told. */
export interface TestServer {
  readonly node: TestNode;
  readonly handle: Handle;
  readonly port: number;
  readonly server: MsgServer;
  readonly skynet: Skynet;
  /** Requests that were run, as text, in order. */
  readonly requests: string[];
  /** Names of other handlers that were called, with their arguments. */
  readonly events: string[];
  call<Result>(...message: unknown[]): Promise<Result>;
  /** Lets requests `hold…` go on. */
  release(): void;
}

/**
 * Slow handlers take so many times as long as those that were recorded, and so do the waits for them: what has to be done meanwhile
 * may take its time on a busy machine.
 */
export const SLOWER = 5;

/** Upper case of ASCII letters, byte for byte. */
export function upper(bytes: Uint8Array): Uint8Array {
  return bytes.map((byte) => (byte >= 0x61 && byte <= 0x7a ? byte - 0x20 : byte));
}

export async function startTestServer(
  options: MsgOptions = {},
  gate: GateOptions = {},
  other: Partial<MsgHandlers> = {},
  config: SkynetConfig = {},
): Promise<TestServer> {
  const node = await startTestNode(config, { after: onTestFinished });
  const requests: string[] = [];
  const events: string[] = [];
  const held = new Set<object>();
  let started: { server: MsgServer; skynet: Skynet } | undefined;
  const handle = await node.newService(
    defineService((skynet) => {
      let subid = 0;
      const handlers: MsgHandlers = {
        loginHandler(uid, secret) {
          events.push(`login ${uid}`);
          server.login(server.username(uid, ++subid, 'sample'), secret);
          return subid;
        },
        logoutHandler(uid, id) {
          events.push(`logout ${uid} ${id}`);
          server.logout(server.username(uid, id, 'sample'));
        },
        kickHandler(uid, id) {
          events.push(`kick ${uid} ${id}`);
          server.logout(server.username(uid, id, 'sample'));
        },
        disconnectHandler(username) {
          events.push(`disconnect ${username}`);
        },
        registerHandler(name) {
          events.push(`register ${name}`);
          return server.address;
        },
        requestHandler(_username, content) {
          const text = Buffer.from(content).toString('latin1');
          requests.push(text);
          if (text.startsWith('!error')) throw new Error('request failed');
          if (text === '!nil') return undefined;
          if (text.startsWith('hold')) {
            const token = {};
            held.add(token);
            return skynet.wait(token).then(() => upper(content));
          }
          const sleep = /^!sleep:(\d+):(.*)$/s.exec(text);
          if (sleep !== null) {
            const hundredths = Number(sleep[1]);
            const time = hundredths < 10 ? hundredths : hundredths * SLOWER;
            return skynet.sleep(time).then(() => upper(Buffer.from(sleep[2] ?? '', 'latin1')));
          }
          return upper(content);
        },
        ...other,
      };
      const server = startMsgServer(
        skynet,
        (context, happenings) => startGateserver(context, happenings, gate),
        handlers,
        options,
      );
      started = { server, skynet };
    }),
  );
  const call = <Result>(...message: unknown[]): Promise<Result> =>
    node.run((skynet) => skynet.call<Result>(handle, 'lua', ...message));
  const address = await call<string>('open', {
    address: '127.0.0.1',
    port: 0,
    maxclient: 4096,
    servername: 'sample',
  });
  const { server, skynet } = started as NonNullable<typeof started>;
  return {
    node,
    handle,
    port: Number(/:(\d+)$/.exec(address)?.[1]),
    server,
    skynet,
    requests,
    events,
    call,
    release() {
      for (const token of held) skynet.wakeup(token);
      held.clear();
    },
  };
}

/** A client that speaks frames. */
export class FrameClient {
  readonly socket: Socket;
  readonly #frames: Uint8Array[] = [];
  #over = false;
  #wake: (() => void) | undefined;

  constructor(socket: Socket) {
    this.socket = socket;
    const reader = new FrameReader();
    socket.on('data', (chunk: Buffer) => {
      reader.push(chunk, (bytes, start, end) => this.#frames.push(bytes.slice(start, end)));
      this.#wake?.();
    });
    const end = (): void => {
      this.#over = true;
      this.#wake?.();
    };
    socket.on('error', () => {});
    socket.on('end', end);
    socket.on('close', end);
  }

  /** The next frame, undefined at the end. */
  async frame(): Promise<Uint8Array | undefined> {
    for (;;) {
      const frame = this.#frames.shift();
      if (frame !== undefined) return frame;
      if (this.#over) return undefined;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  /** The next frame as text. */
  async text(): Promise<string | undefined> {
    const frame = await this.frame();
    return frame === undefined ? undefined : Buffer.from(frame).toString('latin1');
  }

  /** The next answer or push: content as text, result, session. */
  async answer(): Promise<readonly [content: string, result: number, session: number] | undefined> {
    const frame = await this.frame();
    const answer = frame === undefined ? undefined : decodeAnswer(frame);
    return answer === undefined
      ? undefined
      : [Buffer.from(answer.content).toString('latin1'), answer.result, answer.session];
  }

  /** Writes payloads as frames, all in one write. */
  send(...payloads: (string | Uint8Array)[]): void {
    this.socket.write(Buffer.concat(payloads.map((payload) => pack(payload))));
  }

  request(content: string | Uint8Array, session: number): void {
    this.send(encodeRequest(content, session));
  }

  close(): void {
    this.socket.destroy();
  }
}

export async function connectClient(port: number): Promise<FrameClient> {
  const socket = connect(port, '127.0.0.1');
  onTestFinished(() => void socket.destroy());
  await once(socket, 'connect');
  return new FrameClient(socket);
}

/** A user who is logged in at a test server. */
export interface TestUser {
  readonly username: string;
  readonly secret: Uint8Array;
  /** Connects and shakes hands; the client, and what the server answered. */
  connect(index: number, received?: number): Promise<FrameClient & { readonly status: string | undefined }>;
}

/** Logs a user in, as a login server does. */
export async function logIn(
  test: TestServer,
  uid = 'hello',
  secret: Uint8Array = Buffer.from('11111111'),
): Promise<TestUser> {
  const subid = await test.call<number>('login', uid, secret);
  const username = test.server.username(uid, subid, 'sample');
  return {
    username,
    secret,
    async connect(index, received) {
      const client = await connectClient(test.port);
      client.send(handshakeText(username, index, secret, received));
      return Object.assign(client, { status: await client.text() });
    },
  };
}

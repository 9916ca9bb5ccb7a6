import { connect } from 'node:net';
import { fileURLToPath } from 'node:url';
import { defineService, type ServiceDefinition, startNode } from '@skynet/core';
import { ws } from '@skynet/core/ws';
import type { EchoServer } from '../../core/bench/echo-servers.ts';
import { agentGate, askingGate, echoGate } from './gates.ts';

/** One packet there and back: what is loaded on first use is loaded then. */
function firstPacket(port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(Buffer.from([0, 1, 42])));
    socket.once('error', reject);
    socket.once('data', () => socket.end());
    socket.once('close', () => resolve());
  });
}

/** A node of its own around a gate, as a server to be loaded. */
function inNode(gate: ServiceDefinition, thread: number, beside?: ServiceDefinition): EchoServer {
  return async () => {
    const node = await startNode(
      { thread, services: ['./services/?'] },
      { base: fileURLToPath(new URL('.', import.meta.url)), onLog: () => {} },
    );
    const handle = await node.newService(gate);
    const { port } = await node.run((skynet) =>
      skynet.call<{ port: number }>(handle, 'lua', 'open', {
        host: '127.0.0.1',
        port: 0,
        maxclient: 100_000,
        maxPerAddress: 0,
      }),
    );
    await firstPacket(port);
    if (beside !== undefined) await node.newService(beside);
    return { port, stop: () => void node.stop() };
  };
}

export const gateEcho: EchoServer = inNode(echoGate, 1);

/** What a message server cannot do without: a packet is passed to an agent, and its answer to the client. */
export const gateAsk: EchoServer = inNode(askingGate, 1);

/** The same for browsers: frames in messages of WebSocket. */
export const webSocketGateEcho: EchoServer = async () => {
  const node = await startNode({ transports: [ws()] }, { onLog: () => {} });
  const gate = await node.newService(echoGate);
  const { port } = await node.run((skynet) =>
    skynet.call<{ port: number }>(gate, 'lua', 'open', {
      url: 'ws://127.0.0.1:0',
      maxclient: 100_000,
      maxPerAddress: 0,
    }),
  );
  return { port, stop: () => void node.stop() };
};

let sends = 0;

/** What the service of {@link gateEchoBesideFlood} has sent. */
export const floodSends = (): number => sends;

/** Beside a service that sends as much to another as that can take. */
export const gateEchoBesideFlood: EchoServer = inNode(
  echoGate,
  1,
  defineService(async (skynet) => {
    const counter = await skynet.newService(
      defineService(() => {
        let sum = 0;
        return {
          add: (value: number) => {
            sum += value;
          },
          sum: () => sum,
        };
      }),
    );
    skynet.fork(async () => {
      for (;;) {
        for (let i = 0; i < 1000; i++) skynet.send(counter, 'lua', 'add', i);
        await skynet.call(counter, 'lua', 'sum');
        sends += 1000;
      }
    });
  }),
);

/** With two threads the agents live in the second one. */
export function gateAgents(threads: number): EchoServer {
  return inNode(agentGate(threads), threads);
}

import { fileURLToPath } from 'node:url';
import { type ServiceDefinition, startNode } from '@skynet/core';
import type { EchoServer } from '../../core/bench/echo-servers.ts';
import { agentGate, echoGate } from './gates.ts';

/** A node of its own around a gate, as a server to be loaded. */
function inNode(gate: ServiceDefinition, thread: number): EchoServer {
  return async () => {
    const node = await startNode(
      { thread, services: ['./services/?'] },
      { base: fileURLToPath(new URL('.', import.meta.url)), onLog: () => {} },
    );
    const handle = await node.newService(gate);
    const { port } = await node.run((skynet) =>
      skynet.call<{ port: number }>(handle, 'lua', 'open', { port: 0, maxclient: 100_000 }),
    );
    return { port, stop: () => void node.stop() };
  };
}

export const gateEcho: EchoServer = inNode(echoGate, 1);

/** With two threads the agents live in the second one. */
export function gateAgents(threads: number): EchoServer {
  return inNode(agentGate(threads), threads);
}

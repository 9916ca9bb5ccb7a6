// The stock gate with an agent service for each connection, which returns every packet. For load from outside:
// `npm run gateagent -- <port> [threads]`. With more than one thread the agents are in the others.
import { agentGate } from './gates.ts';
import { serve } from './serve.ts';

const threads = Number(process.argv.slice(2).filter((word) => word !== '--')[1] ?? 1);

await serve('gateagent', agentGate(threads), threads);

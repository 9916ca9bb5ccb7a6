import { randomFrom, startTestNode } from '@skynet/core/testing';
import { describe, it } from 'vitest';
import { natsMissing, startNats } from '../../../test/nats.ts';
import { createMesh, link } from '../src/link.ts';
import { meshNetwork } from '../src/mesh/network.ts';
import { SeedDirectory } from '../src/mesh/seed-directory.ts';
import { nats } from '../src/nats.ts';
import { membershipCompliance } from '../src/testing.ts';
import { freeAddress, startMember } from './harbor/nodes.ts';
import { SimulatedNetwork } from './mesh/simulated-network.ts';

const runner = { describe, it };

membershipCompliance(
  'of the original, with a master',
  () => {
    const master = freeAddress();
    return { start: async (id) => startMember(await master, id, { isMaster: id === 1 }) };
  },
  runner,
);

membershipCompliance(
  'of our own link',
  () => {
    let seed = '';
    return {
      async start(id) {
        const node = await startTestNode({
          network: link({ id, ...(seed === '' ? {} : { seeds: [seed] }) }),
        });
        const nodes = await node.run((skynet) => createMesh(skynet).nodes());
        if (id === 1) seed = nodes.find(({ state }) => state === 'self')?.address ?? '';
        return node;
      },
    };
  },
  runner,
  { claims: true, frees: true },
);

membershipCompliance(
  'of a simulated network',
  () => {
    const network = new SimulatedNetwork(randomFrom(20_261_128), {
      ...{ cut: 0, twice: 0, missing: 0, half: 0 },
      delay: 3,
    });
    let started = 0;
    return {
      start: (id) =>
        startTestNode({
          network: meshNetwork({
            id,
            mesh: 'simulated',
            transport: network.transport(`node ${id}, ${++started}`),
            directory: new SeedDirectory({ seeds: ['node 1, 1'], joinTimeout: 10_000, patience: 60_000 }),
            onIsolated: 'keep',
          }),
        }),
    };
  },
  runner,
  { claims: true, frees: true },
);

for (const direct of [true, false]) {
  const name = `of NATS, links ${direct ? 'directly' : 'over subjects'}`;
  if (natsMissing === undefined)
    membershipCompliance(
      name,
      () => {
        const server = startNats();
        return {
          start: async (id) => startTestNode({ network: nats({ id, servers: (await server).url, direct }) }),
          dispose: async () => (await server).stop(),
        };
      },
      runner,
      { claims: true, frees: true },
    );
  else it.skip(`membership ${name} (left out: ${natsMissing})`);
}

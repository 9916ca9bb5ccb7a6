import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { SkynetConfig } from '@skynet/core';
import { randomFrom, startTestNode, type TestNode } from '@skynet/core/testing';
import { memory, tls } from '@skynet/core/transport';
import { describe, it } from 'vitest';
import { natsMissing, startNats } from '../../../../test/nats.ts';
import { certificate } from '../../../core/test/transport/certificate.ts';
import { createMesh, link } from '../../src/link.ts';
import { meshNetwork } from '../../src/mesh/network.ts';
import { SeedDirectory } from '../../src/mesh/seed-directory.ts';
import { nats } from '../../src/nats.ts';
import { type LinkFixture, type LinkNodeOptions, linkCompliance } from '../../src/testing.ts';
import { Relay } from './relay.ts';
import { SimulatedNetwork } from './simulated-network.ts';

const runner = { describe, it };
/** What is held back is not to count as lost. */
const SILENCE = '60s';

/** Nodes whose links go through relays that can cut them and hold them back. */
function relayed(
  scheme: string,
  config: () => SkynetConfig,
  place: (id: number, what: 'node' | 'relay') => string | undefined = () => undefined,
  dispose: () => void = () => {},
): LinkFixture {
  const relays: Relay[] = [];
  let seed = '';
  return {
    async start({ id, credit, maxWaiting }) {
      const relay = new Relay();
      relays.push(relay);
      const advertise = scheme + (await relay.listen(place(id, 'relay')));
      if (id === 1) seed = advertise;
      const own = place(id, 'node');
      const address = scheme + (own ?? '127.0.0.1:0');
      const network = link({
        id,
        address,
        advertise,
        ...(id === 1 ? {} : { seeds: [seed] }),
        key: 'secret',
        silence: SILENCE,
        credit,
        maxWaiting,
      });
      const node = await startTestNode({ network, ...config() });
      const line = await node.logged(/links are taken on/);
      const at = line.replace(/^.*\((.*)\)$/, '$1');
      relay.leadTo(
        own === undefined ? { host: '127.0.0.1', port: Number(at.split(':').at(-1)) } : { path: own },
      );
      return node;
    },
    cut: () => {
      for (const relay of relays) relay.cut();
    },
    hold: () => {
      for (const relay of relays) relay.hold();
    },
    release: () => {
      for (const relay of relays) relay.release();
    },
    dispose: () => {
      for (const relay of relays) relay.close();
      dispose();
    },
  };
}

const ALL = { cut: true, hold: true };

linkCompliance('over tcp', () => relayed('', () => ({})), runner, ALL);

linkCompliance(
  'over tls',
  () =>
    relayed('tls://', () => ({
      transports: [tls({ server: certificate, client: { ca: certificate.cert } })],
    })),
  runner,
  ALL,
);

linkCompliance(
  'over unix sockets',
  () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'skynet-'));
    return relayed(
      'unix://',
      () => ({}),
      (id, what) => path.join(folder, `${what}${id}`),
      () => rmSync(folder, { recursive: true }),
    );
  },
  runner,
  ALL,
);

linkCompliance(
  'in memory',
  () => {
    const hall = memory();
    let seed = '';
    return {
      async start({ id, credit, maxWaiting }: LinkNodeOptions) {
        const network = link({
          id,
          address: `memory://node${id}`,
          ...(id === 1 ? {} : { seeds: [seed] }),
          silence: SILENCE,
          credit,
          maxWaiting,
        });
        const node = await startTestNode({ network, transports: [hall] });
        if (id === 1) seed = await addressOf(node);
        return node;
      },
    };
  },
  runner,
);

linkCompliance(
  'of a simulated network',
  () => {
    const network = new SimulatedNetwork(randomFrom(20_261_128), {
      cut: 0,
      twice: 0,
      missing: 0,
      half: 0,
      delay: 3,
    });
    return {
      start: ({ id, credit, maxWaiting }: LinkNodeOptions) =>
        startTestNode({
          network: meshNetwork({
            id,
            mesh: 'simulated',
            transport: network.transport(`node ${id}`),
            directory: new SeedDirectory({ seeds: ['node 1'], joinTimeout: 10_000, patience: 60_000 }),
            onIsolated: 'keep',
            limits: { credit, partCredit: credit, maxWaiting },
          }),
        }),
      cut: () => network.cut(),
      hold: () => network.hold(),
      release: () => network.release(),
    };
  },
  runner,
  ALL,
);

if (natsMissing === undefined)
  linkCompliance(
    'over subjects of NATS',
    () => {
      const server = startNats();
      return {
        start: async ({ id, credit, maxWaiting }: LinkNodeOptions) =>
          startTestNode({
            network: nats({
              id,
              servers: (await server).url,
              direct: false,
              silence: SILENCE,
              credit,
              maxWaiting,
            }),
          }),
        dispose: async () => (await server).stop(),
      };
    },
    runner,
  );
else it.skip(`a link over subjects of NATS (left out: ${natsMissing})`);

async function addressOf(node: TestNode): Promise<string> {
  const nodes = await node.run((skynet) => createMesh(skynet).nodes());
  return nodes.find(({ state }) => state === 'self')?.address ?? '';
}

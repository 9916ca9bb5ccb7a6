import { defineService, type Handle, isSkynetError, type Skynet } from '@skynet/core';
import { randomFrom, startTestNode, type TestNode } from '@skynet/core/testing';
import { describe, expect, onTestFinished, test } from 'vitest';
import { createMesh } from '../../src/link.ts';
import { meshNetwork } from '../../src/mesh/network.ts';
import { SeedDirectory } from '../../src/mesh/seed-directory.ts';
import { type Faults, SimulatedNetwork } from './simulated-network.ts';

// MESH_MESSAGES and MESH_SEED choose another size and another seed.
const MESSAGES = Number(process.env['MESH_MESSAGES'] ?? 4000);
const SEED = Number(process.env['MESH_SEED'] ?? 20_261_128);
const NODES = 5;
const CALM: Faults = { cut: 0, twice: 0, missing: 0, half: 0, delay: 0 };

async function startSimulated(network: SimulatedNetwork, count: number): Promise<TestNode[]> {
  const nodes: TestNode[] = [];
  for (let id = 1; id <= count; id++) {
    const network_ = meshNetwork({
      id,
      mesh: 'simulated',
      transport: network.transport(`node ${id}`),
      directory: new SeedDirectory({ seeds: ['node 1'], joinTimeout: 10_000, patience: 2000 }),
      onIsolated: 'keep',
      // Small, so that it is used up.
      limits: { credit: 20_000, partCredit: 70_000 },
    });
    nodes.push(await startTestNode({ network: network_ }, { after: onTestFinished }));
  }
  return nodes;
}

/** Counts what comes from whom: a number that is not above the last one has come twice, or late. */
const counting = defineService(() => {
  const last = new Map<Handle, number>();
  const wrong: string[] = [];
  let count = 0;
  const take = (source: Handle, number: number): void => {
    const before = last.get(source) ?? -1;
    if (number <= before) wrong.push(`${number} of ${source.toString(16)} behind ${before}`);
    last.set(source, number);
    count++;
  };
  return {
    push(this: { source: Handle }, number: number, _weight: unknown) {
      take(this.source, number);
    },
    ask(this: { source: Handle }, number: number, weight: unknown) {
      take(this.source, number);
      return [number, weight];
    },
    result: () => ({ wrong, count }),
  };
});

interface Sent {
  sends: number;
  answered: number;
  failed: Record<string, number>;
  wrong: string[];
}

/** Sends and calls at random, each receiver numbered of its own; resolves when every call has ended. */
async function talk(
  skynet: Skynet,
  receivers: readonly Handle[],
  random: () => number,
  messages: number,
): Promise<Sent> {
  const sent: Sent = { sends: 0, answered: 0, failed: {}, wrong: [] };
  const numbers = new Map<Handle, number>();
  const calls: Promise<void>[] = [];
  for (let i = 0; i < messages; i++) {
    const to = receivers[Math.floor(random() * receivers.length)] as Handle;
    const number = numbers.get(to) ?? 0;
    numbers.set(to, number + 1);
    const size = random() < 0.02 ? 50_000 + Math.floor(random() * 100_000) : Math.floor(random() * 60);
    const weight = random() < 0.5 ? 'x'.repeat(size) : { size, [`key ${size % 7}`]: new Uint8Array(size) };
    if (random() < 0.5) {
      skynet.send(to, 'lua', 'push', number, weight);
      sent.sends++;
    } else
      calls.push(
        skynet.call<[number, unknown]>({ to, timeout: '60s' }, 'lua', 'ask', number, weight).then(
          ([got]) => {
            sent.answered++;
            if (got !== number) sent.wrong.push(`the answer to ${number} was that to ${got}`);
          },
          (error: unknown) => {
            const code = isSkynetError(error) ? error.code : String(error);
            sent.failed[code] = (sent.failed[code] ?? 0) + 1;
          },
        ),
      );
    if (random() < 0.1) await skynet.sleep(0);
    if (calls.length > 200) await Promise.all(calls.splice(0));
  }
  await Promise.all(calls);
  return sent;
}

describe.each([
  ['without faults', { ...CALM, delay: 2 }],
  ['with cuts', { ...CALM, cut: 400, delay: 2 }],
  [
    'with frames that are missing, come twice or come half',
    { cut: 2000, twice: 900, missing: 900, half: 900, delay: 3 },
  ],
] as const)('five nodes over links in memory, %s', (_, faults) => {
  test(`order, at most once, and every call ends (MESH_SEED=${SEED})`, { timeout: 3_600_000 }, async () => {
    const random = randomFrom(SEED);
    const network = new SimulatedNetwork(random, CALM);
    const nodes = await startSimulated(network, NODES);
    const receivers = await Promise.all(nodes.map((node) => node.newService(counting)));
    for (const node of nodes)
      await node.run(async (skynet) => {
        for (let id = 1; id <= NODES; id++) await createMesh(skynet).connect(id);
      });
    network.faults = faults;
    const results = await Promise.all(
      nodes.map((node) => node.run((skynet) => talk(skynet, receivers, random, Math.ceil(MESSAGES / NODES)))),
    );
    network.faults = CALM;
    await network.told();
    // When they are connected again, a last call goes behind everything.
    for (const node of nodes)
      await node.run(async (skynet) => {
        for (let id = 1; id <= NODES; id++) await createMesh(skynet).connect(id);
        for (const receiver of receivers) await skynet.call(receiver, 'lua', 'result');
      });
    const counted = await Promise.all(
      nodes.map((node, i) =>
        node.run((skynet) =>
          skynet.call<{ wrong: string[]; count: number }>(receivers[i] as Handle, 'lua', 'result'),
        ),
      ),
    );
    const sent = results.reduce((sum, { sends }) => sum + sends, 0);
    const answered = results.reduce((sum, result) => sum + result.answered, 0);
    const failed = results.reduce(
      (sum, { failed }) => sum + Object.values(failed).reduce((a, b) => a + b, 0),
      0,
    );
    const codes = new Set(results.flatMap((result) => Object.keys(result.failed)));
    expect(counted.flatMap(({ wrong }) => wrong)).toEqual([]);
    expect(results.flatMap(({ wrong }) => wrong)).toEqual([]);
    expect(sent + answered + failed).toBe(Math.ceil(MESSAGES / NODES) * NODES);
    const got = counted.reduce((sum, { count }) => sum + count, 0);
    expect(got).toBeLessThanOrEqual(sent + answered + failed);
    expect([...codes].filter((code) => code !== 'ERR_NODE_LOST')).toEqual([]);
    if (faults.cut === 0) expect(got).toBe(sent + answered);
    else {
      expect(answered).toBeGreaterThan(0);
      expect(failed).toBeGreaterThan(0);
    }
  });
});

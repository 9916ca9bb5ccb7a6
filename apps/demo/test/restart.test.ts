// The process with the logic is started anew while the gate's stays: docs/deployment.md.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { CommandsOf } from '@skynet/core';
import { Happenings, startTestNode, type TestNode } from '@skynet/core/testing';
import { createCluster } from '@skynet/harbor/cluster';
import { expect, onTestFinished, test } from 'vitest';
import type backend from '../restart/backend.ts';

const FOLDER = path.resolve(import.meta.dirname, '../restart');

const startNode = (): Promise<TestNode> =>
  startTestNode({ services: ['./?'] }, { base: FOLDER, after: onTestFinished });

/** The gate's node: where it listens, and how a player asks. */
async function startGate(): Promise<{ address: string; ask(text: string): Promise<unknown> }> {
  const node = await startNode();
  const handle = await node.newService('backend');
  const { address, port } = await node.run(async (skynet) => {
    const cluster = createCluster(skynet);
    await cluster.register('backend', handle);
    return cluster.open(0);
  });
  const ask = (text: string): Promise<unknown> =>
    node.run((skynet) => skynet.proxy<CommandsOf<typeof backend>>(handle).ask('shout', text));
  return { address: `${address}:${port}`, ask };
}

async function startLogic(gate: string): Promise<TestNode> {
  const node = await startNode();
  await node.newService('game', gate);
  return node;
}

test('nobody notices that the logic is started anew: requests wait, and each is answered once', async () => {
  const { address, ask } = await startGate();
  const answers = new Happenings<number>('numbers of answers');
  let asking = true;
  let answered = 0;
  /** A player: one request after another. */
  const play = async (name: string): Promise<void> => {
    for (let i = 0; asking; i++) {
      const answer = await ask(`${name} ${i}`);
      expect(answer).toBe(`${name} ${i}`.toUpperCase());
      answers.add(++answered);
    }
  };
  // Before there is any logic.
  const players = Promise.all(Array.from({ length: 10 }, (_, i) => play(`player ${i}`)));
  for (let round = 1; round <= 3; round++) {
    const logic = await startLogic(address);
    const enough = answered + 30;
    await answers.find((number) => number >= enough, `30 answers of logic ${round}`);
    await logic.stop();
  }
  const last = await startLogic(address);
  asking = false;
  await players;
  await last.stop();
});

test('the page on deployment shows these files', () => {
  const page = readFileSync(path.resolve(import.meta.dirname, '../../../docs/deployment.md'), 'utf8');
  for (const name of ['backend', 'game'])
    expect(page).toContain(`\`\`\`ts\n${readFileSync(path.join(FOLDER, `${name}.ts`), 'utf8')}\`\`\``);
});

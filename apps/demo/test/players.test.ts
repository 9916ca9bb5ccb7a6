import path from 'node:path';
import { createShareData } from '@skynet/core/sharedata';
import { startTestNode } from '@skynet/core/testing';
import { expect, onTestFinished, test } from 'vitest';
import { mariadbMissing, startMariaDb } from '../../../test/mariadb.ts';

const DEMO = path.resolve(import.meta.dirname, '..');

/** What a player answers to lines, in a node of its own. */
async function play(mysql: string | undefined, lines: readonly string[]): Promise<string[]> {
  await using node = await startTestNode<{ mysql?: string }>(
    { services: ['./services/?'], ...(mysql === undefined ? {} : { mysql }) },
    { base: DEMO },
  );
  return await node.run(async (skynet) => {
    await createShareData(skynet).new('items', { sword: { price: 60 }, potion: { price: 10 } });
    await skynet.newService('playerstore');
    skynet.registerProtocol({ name: 'client', id: 3 });
    const player = await skynet.newService('player');
    await skynet.call(player, 'lua', 'start', 'alice', 1);
    const answers: string[] = [];
    for (const line of lines)
      answers.push(
        Buffer.from((await skynet.rawCall(player, 'client', Buffer.from(line))) as Uint8Array).toString(),
      );
    return answers;
  });
}

test('items come from shared data, what is bought is kept in memory', async () => {
  expect(
    await play(undefined, ['items', 'bag', 'buy sword', 'buy sword', 'buy toString', 'buy potion']),
  ).toEqual([
    'sword 60, potion 10',
    '100 gold',
    '40 gold, sword',
    'not enough gold',
    'there is no toString',
    '30 gold, sword, potion',
  ]);
});

test.skipIf(mariadbMissing !== undefined)(
  `with a database players outlive the node${mariadbMissing === undefined ? '' : ` (left out: ${mariadbMissing})`}`,
  async () => {
    const maria = await startMariaDb();
    onTestFinished(() => maria.stop());
    const url = `mysql://lab:secret@127.0.0.1:${maria.port}/lab`;
    expect(await play(url, ['bag', 'buy sword', 'buy sword'])).toEqual([
      '100 gold',
      '40 gold, sword',
      'not enough gold',
    ]);
    expect(await play(url, ['bag', 'buy potion'])).toEqual(['40 gold, sword', '30 gold, sword, potion']);
  },
  120_000,
);

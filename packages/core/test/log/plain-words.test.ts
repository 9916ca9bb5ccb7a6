import { startNode } from '@skynet/core';
import { expect, test } from 'vitest';
import { inPlainWords } from '../../src/log/plain-words.ts';
import { functionSink } from '../../src/log/sink.ts';

test.each([
  ['LAUNCH snlua agent 1 2', 'started agent 1 2'],
  ['LAUNCH logger ', 'started logger '],
  ['RELOAD snlua agent', 'reloaded agent'],
  ['KILL self', 'ended'],
  ['KILL :0000000a', 'killed :0000000a'],
  ['KILL Bill', 'KILL Bill'],
  ['LAUNCH ', 'LAUNCH '],
  ['count is 1', 'count is 1'],
])('%j is %j in plain words', (text, plain) => {
  const lines: string[] = [];
  inPlainWords(functionSink((_source, line) => lines.push(line))).write(1, text);
  expect(lines).toEqual([plain]);
});

test.each([
  ['plain', 'started bootstrap', 'ended'],
  ['skynet', 'LAUNCH snlua bootstrap', 'KILL self'],
] as const)('a node in %s words', async (logWords, began, ended) => {
  const lines: string[] = [];
  const node = await startNode({ logWords, watchdog: false }, { onLog: (_, line) => lines.push(line) });
  await node.stop();
  expect(lines).toContain(began);
  expect(lines).toContain(ended);
});

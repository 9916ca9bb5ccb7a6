import { expect, test } from 'vitest';
import { PTYPE } from '../../src/index.ts';
import { PairTable } from '../../src/schedule/pair-table.ts';
import { TalkSamples } from '../../src/schedule/talk-samples.ts';

const quiet = () => {
  let count = 0;
  return { working: () => void count++, idle: () => {}, count: () => count };
};

test('what was sampled stands for all that there was, also where work comes in a rhythm', () => {
  const listener = quiet();
  const samples = new TalkSamples(listener, 1);
  const rounds = 64 * 4000;
  // One request, then one answer, and so on: every sixty-fourth would be of one kind.
  for (let i = 0; i < rounds; i++) {
    samples.working(10, 20, PTYPE.LUA);
    samples.working(20, 10, PTYPE.RESPONSE);
  }
  samples.idle();
  expect(listener.count()).toBe(2 * rounds);
  const { edges, times } = samples.take();
  expect(edges).toHaveLength(2);
  for (const [, , messages] of edges) {
    expect(messages).toBeGreaterThan(rounds * 0.9);
    expect(messages).toBeLessThan(rounds * 1.1);
  }
  expect(times.map(([handle]) => handle).sort()).toEqual([10, 20]);
  expect(samples.take()).toEqual({ edges: [], times: [] });
});

test('what has no sender, comes from itself or is a question of the debug protocol is no talk', () => {
  const samples = new TalkSamples(quiet(), 1);
  for (let i = 0; i < 10_000; i++) {
    samples.working(10, 0, PTYPE.LUA);
    samples.working(10, 10, PTYPE.LUA);
    samples.working(10, 20, PTYPE.DEBUG);
  }
  expect(samples.take().edges).toEqual([]);
});

test('a table never grows: what is frequent stays, what is rare makes room', () => {
  const table = new PairTable(64);
  for (let i = 1; i <= 100_000; i++) {
    table.add(i, i + 1, 1);
    table.add(7, 8, 1);
  }
  const all = table.take();
  expect(all.length).toBeLessThanOrEqual(64);
  expect(all.find(([first, second]) => first === 7 && second === 8)?.[2]).toBe(100_001);
  expect(table.take()).toEqual([]);
});

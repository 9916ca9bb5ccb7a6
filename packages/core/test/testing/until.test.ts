import { until } from '@skynet/core/testing';
import { expect, test } from 'vitest';

test('looks until it is so, also where the look itself takes time', async () => {
  let looks = 0;
  await until(() => ++looks === 3);
  await until(async () => ++looks === 5);
  expect(looks).toBe(5);
});

test('a wait that is not fulfilled in time says what it waited for', async () => {
  let count = 0;
  const limits = { patience: '10ms' } as const;
  await expect(until(() => count === 1, limits)).rejects.toThrow('waited 0.01 s until count === 1');
  await expect(until(() => false, { ...limits, what: 'pigs fly' })).rejects.toThrow('until pigs fly');
  const what = (): string => `there are two; there are ${count}`;
  await expect(until(() => ++count < 0, { ...limits, what })).rejects.toThrow(
    /there are two; there are \d+$/,
  );
});

test('what the look throws ends the wait', async () => {
  const broken = (): boolean => {
    throw new Error('broken');
  };
  await expect(until(broken)).rejects.toThrow('broken');
});

import { expect, test, vi } from 'vitest';
import { startNode } from '../../src/index.ts';
import { kernelOf } from '../../src/kernel.ts';

test('the context of another copy is refused with the places of both', async () => {
  vi.resetModules();
  const other = await import('../../src/kernel.ts');
  const node = await startNode({ watchdog: false }, { onLog: () => {} });
  try {
    await node.run((skynet) => {
      expect(kernelOf(skynet)).toBeDefined();
      expect(() => other.kernelOf(skynet)).toThrow(
        /needs the context of a service; this one is of another copy of @skynet\/core: file:.*, not file:/,
      );
      expect(() => other.kernelOf({} as never)).toThrow(/needs the context of a service$/);
    });
  } finally {
    await node.stop();
  }
});

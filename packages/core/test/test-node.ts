import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';
import type { SkynetConfig } from '../src/index.ts';
import { startTestNode as start, type TestNode, type TestNodeOptions } from '../src/testing/index.ts';

export type { TestNode } from '../src/testing/index.ts';

/** Starts a node with the fixture services on its search path; it stops with the test. */
export function startTestNode(
  config: SkynetConfig | Readonly<Record<string, unknown>> = {},
  options: TestNodeOptions = {},
): Promise<TestNode> {
  return start(
    { services: ['./services/?'], ...config },
    { base: fileURLToPath(new URL('./fixtures', import.meta.url)), after: onTestFinished, ...options },
  );
}

import { carryingTests } from './transport/carrying.ts';
import { endingTests } from './transport/ending.ts';
import { handshakeTests } from './transport/handshakes.ts';
import { listeningTests } from './transport/listening.ts';
import { type Declare, type TransportFixture, World } from './transport/world.ts';

/** What the suite needs of a test runner; vitest's `describe` and `it` fit, as do those of `node:test`. */
export interface TestRunner {
  describe(name: string, body: () => void): unknown;
  it(name: string, body: () => Promise<void>): unknown;
}

/**
 * Holds a transport to its contract. One call declares the whole suite:
 * `transportCompliance('tcp', () => ({ transports: createTransports([tcp()]), address: 'tcp://127.0.0.1:0' }), { describe, it })`.
 */
export function transportCompliance(
  name: string,
  setup: () => TransportFixture | Promise<TransportFixture>,
  runner: TestRunner,
): void {
  const test: Declare = (title, body) => {
    runner.it(title, async () => {
      const world = new World(await setup());
      try {
        await body(world);
      } finally {
        await world.dispose();
      }
    });
  };

  runner.describe(`transport compliance: ${name}`, () => {
    carryingTests(test);
    endingTests(test);
    listeningTests(test);
    handshakeTests(test);
  });
}

export { FakeClock, settled } from './fake-clock.ts';
export { Happenings, type HappeningsOptions } from './happenings.ts';
export { type Holdings, holdings, watchLeaks } from './leaks.ts';
export { randomFrom } from './random.ts';
export { RecordingReceiver } from './recording-receiver.ts';
export { forSeeds, type SeededRun } from './seeds.ts';
export { startTestNode, type TestNode, type TestNodeOptions } from './test-node.ts';
export type { TestRunner, TransportFixture } from './transport-compliance.ts';
export { transportCompliance } from './transport-compliance.ts';

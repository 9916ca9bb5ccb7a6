export { Happenings, type HappeningsOptions } from './happenings.ts';
export { RecordingReceiver } from './recording-receiver.ts';
export { startTestNode, type TestNode, type TestNodeOptions } from './test-node.ts';
export type { TestRunner, TransportFixture } from './transport-compliance.ts';
export { transportCompliance } from './transport-compliance.ts';

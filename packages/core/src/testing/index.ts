export { RecordingReceiver } from './recording-receiver.ts';
export type { TestRunner, TransportFixture } from './transport-compliance.ts';
export { transportCompliance } from './transport-compliance.ts';

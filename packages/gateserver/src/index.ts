// For authors of services.
export { Gateserver, startGateserver } from './gateserver.ts';
export type { GateHandler, OpenedConfig } from './handler.ts';
export type { GateLimits, GateOptions } from './options.ts';
export type { GateErrorCode } from './errors.ts';

// The stock service.
export { gate } from './gate.ts';
export type { GateCommands } from './gate.ts';

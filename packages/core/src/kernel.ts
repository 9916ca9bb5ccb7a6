/** For authors of packages that extend the framework. Applications use `@skynet/core`. */
export { kernelOf } from './actor/context.ts';
export { failedWait } from './actor/failure.ts';
export type { AddedCommand, ConsoleDoor } from './contracts/console.ts';
export type { ServiceKernel, Suspension, ThreadKernel } from './contracts/kernel.ts';
export type { Registry } from './contracts/registry.ts';
export type { Network, NetworkPlace, Remote } from './contracts/remote.ts';
export { Message } from './message.ts';

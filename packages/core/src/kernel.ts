/** For authors of packages that extend the framework. Applications use `@skynet/core`. */
export { kernelOf } from './actor/context.ts';
export { failedWait, goneFailure } from './actor/failure.ts';
export { errorFromData, errorToData } from './codec/error.ts';
export { LinkDecoder } from './codec/link-decoder.ts';
export { LinkEncoder } from './codec/link-encoder.ts';
export { packSeriShared } from './codec/lua-seri.ts';
export { Region } from './codec/region.ts';
export { isPlain, MAX_DEPTH, refusal } from './codec/value.ts';
export type { AddedCommand, ConsoleDoor } from './contracts/console.ts';
export type { ServiceKernel, Suspension, ThreadKernel } from './contracts/kernel.ts';
export type { Registry } from './contracts/registry.ts';
export type { Network, NetworkNames, NetworkPlace, Remote } from './contracts/remote.ts';
export { isHandle } from './handle.ts';
export { limitedLike, Message } from './message.ts';
export { type HasSession, SessionMap } from './session-map.ts';

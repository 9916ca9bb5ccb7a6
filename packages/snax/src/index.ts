export type {
  AnySnaxObject,
  NodeName,
  PatchSource,
  PatchVersion,
  Rollout,
  RolloutOptions,
  Snax,
  SnaxDefinition,
  SnaxInside,
  SnaxInterface,
  SnaxMethod,
  SnaxMethods,
  SnaxObject,
  SnaxPlace,
  SnaxProfile,
  SnaxTable,
  TableOf,
} from './contract.ts';
export type {
  PatchDefinition,
  PatchOf,
  SnaxOptions,
} from './define.ts';
export { definePatch, defineSnax } from './define.ts';
export type { SnaxErrorCode } from './errors.ts';
export type { ClusterPort } from './ports.ts';
export { createSnax } from './snax.ts';

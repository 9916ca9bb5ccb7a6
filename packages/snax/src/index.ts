export type {
  AnySnaxObject,
  NodeName,
  PatchSource,
  PatchVersion,
  Rollout,
  RolloutOptions,
  Snax,
  SnaxInside,
  SnaxInterface,
  SnaxObject,
  SnaxPlace,
  SnaxProfile,
} from './contract.ts';
export type {
  PatchDefinition,
  PatchOf,
  SnaxDefinition,
  SnaxMethod,
  SnaxMethods,
  SnaxOptions,
  SnaxTable,
  TableOf,
} from './define.ts';
export { definePatch, defineSnax } from './define.ts';
export type { SnaxErrorCode } from './errors.ts';
export type { ClusterPort } from './ports.ts';
export { createSnax } from './snax.ts';

// For authors of applications.
export type { HarborErrorCode } from './harbor/errors.ts';
export { createHarbor, type Harbor } from './harbor/harbor.ts';
export { type HarborOptions, harbor } from './harbor/network.ts';

export { createDatacenter, type Datacenter } from './datacenter/datacenter.ts';
export type { DatacenterErrorCode } from './datacenter/errors.ts';
export type { Key } from './datacenter/tree.ts';

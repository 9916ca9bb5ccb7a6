// For authors of applications.
export type { HarborErrorCode } from './harbor/errors.ts';

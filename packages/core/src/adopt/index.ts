export { type AdoptOptions, adopt } from './adopt.ts';
export { adoptIterable } from './iterable.ts';

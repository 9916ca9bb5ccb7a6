// Book 13.2.3 calls it so; it is openmygateserver.
export { default } from './openmygateserver.ts';

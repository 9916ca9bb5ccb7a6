// Book 14.4: the name under which myloginserver is started.
export { default } from './myloginserver.ts';

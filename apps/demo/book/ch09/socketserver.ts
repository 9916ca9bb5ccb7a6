// Book 9.2: the listing is called socketservice, the name typed at the console is this one.
export { default } from './socketservice.ts';

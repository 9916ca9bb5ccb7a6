import { defineConfig } from '@skynet/core';

/** Ports of the book that shall be others: `SKYNET_PORT_8001=43210` gives the key `port8001`. */
const ports = Object.entries(process.env)
  .filter(([name]) => name.startsWith('SKYNET_PORT_'))
  .map(([name, value]) => [`port${name.slice('SKYNET_PORT_'.length)}`, Number(value)]);

/** The keys of a network of nodes, those that are given: `SKYNET_MASTER=127.0.0.1:2013`. */
const network = Object.fromEntries(
  ['address', 'master', 'standalone'].flatMap((key) => {
    const value = process.env[`SKYNET_${key.toUpperCase()}`];
    return value === undefined ? [] : [[key, value]];
  }),
);

/** The node that the book's examples run in: a console, and the examples of all chapters on the search path. */
export default defineConfig({
  thread: Number(process.env.SKYNET_THREAD ?? 1),
  harbor: Number(process.env.SKYNET_HARBOR ?? 1),
  // Book 4.3.1: part of a network, where one is named.
  ...network,
  start: process.env.SKYNET_START ?? 'console',
  timeScale: Number(process.env.SKYNET_TIME_SCALE ?? 1),
  services: [
    '03',
    '04',
    '05',
    '06',
    '07',
    '08',
    '09',
    '10',
    '11',
    '12',
    '13',
    '14',
    '15',
    '16',
    '17',
    '18',
    '19',
  ].map((chapter) => `./ch${chapter}/?`),
  // Book 12.1.
  snax: ['./ch12/snax/?'],
  // The book's servers listen everywhere; here they are asked to.
  host: process.env.SKYNET_HOST || '127.0.0.1',
  // Book 11; resolv.conf names one otherwise.
  ...(process.env.SKYNET_NAMESERVER ? { nameserver: process.env.SKYNET_NAMESERVER } : {}),
  // Book 3.3.
  myname: 'Dmaker',
  myage: 20,
  ...Object.fromEntries(ports),
});

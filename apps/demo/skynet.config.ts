import { defineConfig } from '@skynet/core';

/** A port from the environment, so that a second node or a busy port is no trouble. */
const port = (name: string, otherwise: number): number => Number(process.env[name] ?? otherwise);

/** The demo: a game server as in the book's chapter 3.2, and the book's examples on the search path. */
export default defineConfig({
  thread: port('SKYNET_THREAD', 1),
  harbor: 1,
  start: 'main',
  services: [
    './services/?',
    ...['03', '04', '05', '06', '07', '09', '13', '14', '15'].map((chapter) => `./book/ch${chapter}/?`),
  ],
  gatePort: port('SKYNET_GATE_PORT', 8888),
  debugPort: port('SKYNET_DEBUG_PORT', 8000),
  // Book 3.3.
  myname: 'Dmaker',
  myage: 20,
});

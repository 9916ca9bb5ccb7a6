import { defineConfig } from '@skynet/core';
import { ws } from '@skynet/core/ws';

/** A port from the environment, so that a second node or a busy port is no trouble. Empty means the default. */
function port(name: string, otherwise: number): number {
  const text = process.env[name]?.trim() || String(otherwise);
  if (/^\d{1,5}$/.test(text) && Number(text) <= 65535) return Number(text);
  throw new Error(`${name} must be a port (0 to 65535), not ${JSON.stringify(text)}`);
}

/** What its services read with `getenv`. */
interface DemoConfig {
  host: string;
  password: string;
  mysql?: string;
  gatePort: number;
  debugPort: number;
  loginPort: number;
  msgPort: number;
  wsPort: number;
  webPort: number;
  myname: string;
  myage: number;
}

/** The demo: a game server as in the book's chapter 3.2, and the book's examples on the search path. */
export default defineConfig<DemoConfig>({
  thread: Number(process.env.SKYNET_THREAD || 1),
  harbor: 1,
  start: 'main',
  services: [
    './services/?',
    ...[
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
    ].map((chapter) => `./book/ch${chapter}/?`),
  ],
  // Book 12.1.
  snax: ['./book/ch12/snax/?'],
  // Other machines are served when they are asked for.
  host: process.env.SKYNET_HOST || '127.0.0.1',
  password: process.env.SKYNET_PASSWORD || 'password',
  // Where players are kept: mysql://user:password@host:port/database; without it in memory.
  ...(process.env.SKYNET_MYSQL ? { mysql: process.env.SKYNET_MYSQL } : {}),
  gatePort: port('SKYNET_GATE_PORT', 8888),
  debugPort: port('SKYNET_DEBUG_PORT', 8000),
  // Chapters 14 and 15, for a browser too.
  loginPort: port('SKYNET_LOGIN_PORT', 8101),
  msgPort: port('SKYNET_MSG_PORT', 8102),
  wsPort: port('SKYNET_WS_PORT', 8103),
  webPort: port('SKYNET_WEB_PORT', 8104),
  transports: [ws()],
  // Book 3.3.
  myname: 'Dmaker',
  myage: 20,
});

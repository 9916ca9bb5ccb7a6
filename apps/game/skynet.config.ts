import { defineConfig } from '@skynet/core';
import { ws } from '@skynet/core/ws';
import { nats } from '@skynet/harbor/nats';

/** A port from the environment, or the usual one. */
function port(name: string, usual: number): number {
  const text = process.env[name];
  if (text === undefined || text === '') return usual;
  const number = Number(text);
  if (!Number.isInteger(number) || number < 0 || number > 65535)
    throw new Error(`${name} must be a port, 0 to 65535, not ${JSON.stringify(text)}`);
  return number;
}

/** The database of `MYSQL_URL=mysql://user:password@host/database`, if there is one. */
function database(): string {
  const text = process.env.MYSQL_URL ?? '';
  if (text === '' || /^mysql:\/\/[^/]*[^/@]\/[\w%-]+$/.test(text)) return text;
  throw new Error('MYSQL_URL must be mysql://user:password@host:port/database'); // it may have a password: not shown
}

/** The id of this node, 1 to 255, among those that share the servers of `NATS_URL`. */
function nodeId(): number {
  const id = port('NODE_ID', 1);
  if (id >= 1 && id <= 255) return id;
  throw new Error(`NODE_ID must be 1 to 255, not ${id}`);
}

/** Servers of NATS that keep a mesh of nodes: `NATS_URL=nats://one:4222,nats://two:4222`. */
const servers = (process.env.NATS_URL ?? '').split(',').filter((text) => text !== '');

/** What the game's services read by `getenv`. */
interface Own {
  host: string;
  password: string;
  webPort: number;
  wsPort: number;
  publicPort: number;
  mysql: string;
}

/** Whose word about the addresses of players is believed: `GAME_TRUST_PROXY=127.0.0.1,10.0.0.0/8`. */
const proxies = (process.env.GAME_TRUST_PROXY ?? '').split(',').filter((text) => text !== '');

export default defineConfig<Own>({
  start: 'main',
  services: ['./services/?'],
  logWords: 'plain',
  transports: [ws(proxies.length > 0 ? { forwarded: true, trustProxy: proxies } : {})],
  // How long the rooms and players may take to end when the process is told to stop.
  shutdownTimeout: '30s',
  // Other machines are served when they are asked for.
  host: process.env.GAME_HOST || '127.0.0.1',
  // Anybody who knows it may play, under any name.
  password: process.env.GAME_PASSWORD || 'password',
  webPort: port('GAME_WEB_PORT', 8080),
  wsPort: port('GAME_WS_PORT', 8081),
  // Where pages find the game, if that is not its own port: that of a proxy in front of it.
  publicPort: port('GAME_PUBLIC_PORT', 0),
  // Where accounts are kept; without it everybody has the one password.
  mysql: database(),
  // Without it the node runs alone.
  ...(servers.length > 0 ? { network: nats({ id: nodeId(), servers }) } : {}),
});

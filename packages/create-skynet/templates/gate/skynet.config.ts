import { defineConfig } from '@skynet/core';
import { nats } from '@skynet/harbor/nats';

/** A port, or another whole number, from the environment. */
function port(name: string, otherwise: number): number {
  const text = process.env[name]?.trim() || String(otherwise);
  if (/^\d{1,5}$/.test(text) && Number(text) <= 65535) return Number(text);
  throw new Error(`${name} must be a whole number, 0 to 65535, not ${JSON.stringify(text)}`);
}

/** The database of `MYSQL_URL=mysql://user:password@host/database`, if there is one. */
function database(): string {
  const text = process.env.MYSQL_URL ?? '';
  if (text === '' || /^mysql:\/\/[^/]*[^/@]\/[\w%-]+$/.test(text)) return text;
  throw new Error('MYSQL_URL must be mysql://user:password@host:port/database'); // it may have a password: not shown
}

/** Servers of NATS that keep a mesh of nodes: `NATS_URL=nats://one:4222,nats://two:4222`. */
const servers = (process.env.NATS_URL ?? '').split(',').filter((text) => text !== '');

export default defineConfig<{ host: string; port: number; mysql: string }>({
  start: 'main',
  services: ['./services/?'],
  logWords: 'plain',
  // More threads: newService({ name, thread: 'spread' }) places a service in another one.
  thread: Number(process.env.THREADS || 1),
  // Other machines are served when they are asked for: HOST=0.0.0.0
  host: process.env.HOST || '127.0.0.1',
  port: port('PORT', 8888),
  // Where the store keeps its values; without it they live as long as the process.
  mysql: database(),
  // Without it the node runs alone. NODE_ID, 1 to 255, is another one for each node.
  ...(servers.length > 0 ? { network: nats({ id: port('NODE_ID', 1), servers }) } : {}),
  // How long services may take to finish when the process is told to stop (SIGTERM).
  shutdownTimeout: '30s',
});

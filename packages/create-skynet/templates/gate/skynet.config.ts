import { defineConfig } from '@skynet/core';

/** A port from the environment. */
function port(name: string, otherwise: number): number {
  const text = process.env[name]?.trim() || String(otherwise);
  if (/^\d{1,5}$/.test(text) && Number(text) <= 65535) return Number(text);
  throw new Error(`${name} must be a port (0 to 65535), not ${JSON.stringify(text)}`);
}

export default defineConfig<{ host: string; port: number }>({
  start: 'main',
  services: ['./services/?'],
  logWords: 'plain',
  // More threads: newService({ name, thread: 'spread' }) places a service in another one.
  thread: Number(process.env.THREADS || 1),
  // Other machines are served when they are asked for: HOST=0.0.0.0
  host: process.env.HOST || '127.0.0.1',
  port: port('PORT', 8888),
  // How long services may take to finish when the process is told to stop (SIGTERM).
  shutdownTimeout: '30s',
});

import { defineConfig } from '@skynet/core';

export default defineConfig({
  start: 'main',
  services: ['./services/?'],
  logWords: 'plain',
  // More threads: newService({ name, thread: 'spread' }) places a service in another one.
  thread: Number(process.env.THREADS || 1),
  // How long services may take to finish when the process is told to stop (SIGTERM).
  shutdownTimeout: '30s',
});

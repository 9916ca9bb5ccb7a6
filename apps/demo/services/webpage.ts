// Serves the page in `web/`: `webpage <host> <port> <port of the WebSocket gate>`.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { defineService } from '@skynet/core';
import { type Handler, serve } from '@skynet/http';
import { buildSync } from 'esbuild';

const FOLDER = path.resolve(import.meta.dirname, '../web');

/** The page's script with the client in it, made from the sources. */
function bundle(): Buffer {
  const { outputFiles } = buildSync({
    entryPoints: [path.join(FOLDER, 'app.ts')],
    bundle: true,
    write: false,
    format: 'esm',
    target: 'es2022',
    conditions: ['@skynet/source'],
    minify: true,
  });
  return Buffer.from(outputFiles[0]?.contents ?? '');
}

export default defineService(async (skynet, host = '127.0.0.1', port = '0', wsPort = '') => {
  // The page knows the password as long as everybody does.
  const password = skynet.getenv('password') ?? 'password';
  const config = { wsPort: Number(wsPort), ...(password === 'password' ? { password } : {}) };
  const read = (name: string): Buffer => readFileSync(path.join(FOLDER, name));
  const files = new Map<string, readonly [type: string, content: Buffer]>([
    ['/', ['text/html; charset=utf-8', read('index.html')]],
    ['/style.css', ['text/css; charset=utf-8', read('style.css')]],
    ['/app.js', ['text/javascript; charset=utf-8', bundle()]],
    ['/config.json', ['application/json', Buffer.from(JSON.stringify(config))]],
  ]);
  const headers = {
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    'content-security-policy': "default-src 'self'; connect-src 'self' ws: wss:; img-src data:",
  };
  const routes: Record<string, Handler> = {
    // For whoever watches the node: it answers, so this service has its turns.
    'GET /healthz': () => ({ headers: { 'cache-control': 'no-store' }, body: 'ok\n' }),
  };
  for (const [name, [type, body]] of files)
    routes[`GET ${name}`] = () => ({ headers: { ...headers, 'content-type': type }, body });
  const server = await serve(skynet, { host, port: Number(port), routes, bodyLimit: 0 });
  return {
    /** The port it listens on. */
    port: (): number => server.port,
  };
});

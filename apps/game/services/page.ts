// Serves the page in `web/`: `page <host> <port> <port of the game>`.
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { defineService } from '@skynet/core';
import { type Handler, json, serve } from '@skynet/http';

const FOLDER = path.resolve(import.meta.dirname, '../web');

/** The page's script: as `npm run build` has made it, or, while developing, from the sources. */
async function script(): Promise<Uint8Array> {
  const built = path.join(FOLDER, 'app.js');
  if (existsSync(built)) return readFileSync(built);
  const { build } = await import('esbuild');
  const { outputFiles } = await build({
    entryPoints: [path.join(FOLDER, 'app.ts')],
    bundle: true,
    write: false,
    format: 'esm',
    target: 'es2022',
  });
  return outputFiles[0]?.contents ?? new Uint8Array();
}

export default defineService(async (skynet, host, port, wsPort) => {
  // The page knows the password as long as everybody does.
  const password = skynet.getenv('password');
  const config = { wsPort: Number(wsPort), ...(password === 'password' ? { password } : {}) };
  const headers = {
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    'content-security-policy': "default-src 'self'; connect-src 'self' ws: wss:; img-src data:",
  };
  const file = (type: string, read: () => Uint8Array | Promise<Uint8Array>): Handler => {
    return async () => ({
      headers: { ...headers, 'content-type': `${type}; charset=utf-8` },
      body: await skynet.await(Promise.resolve(read())),
    });
  };
  const server = await serve(skynet, {
    host,
    port: Number(port),
    bodyLimit: 0,
    routes: {
      'GET /': file('text/html', () => readFileSync(path.join(FOLDER, 'index.html'))),
      'GET /style.css': file('text/css', () => readFileSync(path.join(FOLDER, 'style.css'))),
      'GET /app.js': file('text/javascript', script),
      'GET /config.json': () => json(config),
      // For whoever watches the node.
      'GET /healthz': () => ({ headers: { 'cache-control': 'no-store' }, body: 'ok\n' }),
    },
  });
  return { port: (): number => server.port };
});

// Serves the page in `web/`: `page <host> <port> <port of the game>`.
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { defineService } from '@skynet/core';
import { type Handler, json, serve } from '@skynet/http';

const FOLDER = path.resolve(import.meta.dirname, '../web');

/** A script of the page: as `npm run build` has made it, or, while developing, from the sources. */
async function script(name: string): Promise<Uint8Array> {
  const built = path.join(FOLDER, `${name}.js`);
  if (existsSync(built)) return readFileSync(built);
  const { build } = await import('esbuild');
  const { outputFiles } = await build({
    entryPoints: [path.join(FOLDER, `${name}.ts`)],
    bundle: true,
    write: false,
    format: 'esm',
    target: 'es2022',
    logLevel: 'error',
  });
  return outputFiles[0]?.contents ?? new Uint8Array();
}

export default defineService(async (skynet, host, port, wsPort) => {
  // The page knows the password as long as everybody does.
  const password = skynet.getenv('password');
  const isKnown = password === 'password' && !skynet.getenv('mysql');
  const config = { wsPort: Number(wsPort), ...(isKnown ? { password } : {}) };
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
  // To be a player by hand. Not for the public: it shows what there is to ask.
  const isDevelopment =
    process.env['NODE_ENV'] !== 'production' && existsSync(path.join(FOLDER, 'playground.html'));
  const playground: Record<string, Handler> = isDevelopment
    ? {
        'GET /playground': file('text/html', () => readFileSync(path.join(FOLDER, 'playground.html'))),
        'GET /playground.js': file('text/javascript', () => script('playground')),
      }
    : {};
  const server = await serve(skynet, {
    host,
    port: Number(port),
    bodyLimit: 0,
    routes: {
      'GET /': file('text/html', () => readFileSync(path.join(FOLDER, 'index.html'))),
      'GET /style.css': file('text/css', () => readFileSync(path.join(FOLDER, 'style.css'))),
      'GET /app.js': file('text/javascript', () => script('app')),
      'GET /config.json': () => json(config),
      ...playground,
      // For whoever watches the node.
      'GET /healthz': () => ({ headers: { 'cache-control': 'no-store' }, body: 'ok\n' }),
    },
  });
  return { port: (): number => server.port };
});

// Serves the page in `web/`: `webpage <host> <port> <port of the WebSocket gate>`.
import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import path from 'node:path';
import { defineService } from '@skynet/core';
import { kernelOf } from '@skynet/core/kernel';
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
  const files = new Map<string | undefined, readonly [type: string, content: Buffer]>([
    ['/', ['text/html; charset=utf-8', read('index.html')]],
    ['/style.css', ['text/css; charset=utf-8', read('style.css')]],
    ['/app.js', ['text/javascript; charset=utf-8', bundle()]],
    ['/config.json', ['application/json', Buffer.from(JSON.stringify(config))]],
  ]);
  const server: Server = createServer((request, response) => {
    const [type, content] = files.get(request.url?.split('?', 1)[0]) ?? [];
    const isRead = request.method === 'GET' || request.method === 'HEAD';
    if (!isRead || type === undefined) {
      response.writeHead(isRead ? 404 : 405).end();
      return;
    }
    response.writeHead(200, {
      'content-type': type,
      'content-length': content?.length,
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
      'content-security-policy': "default-src 'self'; connect-src 'self' ws: wss:; img-src data:",
    });
    response.end(request.method === 'HEAD' ? undefined : content);
  });
  kernelOf(skynet).own(() => {
    server.close();
    server.closeAllConnections();
  });
  await skynet.await(
    new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(Number(port), host, resolve);
    }),
  );
  const bound = server.address();
  return {
    /** The port it listens on. */
    port: (): number => (typeof bound === 'object' && bound !== null ? bound.port : 0),
  };
});

import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type ServiceDefinition, startNode } from '@skynet/core';
import { kernelOf } from '@skynet/core/kernel';
import { ws } from '@skynet/core/ws';
import { type HttpServer, type ServeOptions, serve } from '@skynet/http';
import { createWebSocket } from '@skynet/http/websocket';
import { WebSocketServer } from 'ws';
import type { LoadedServer } from './spawn-load.ts';

const NO_LIMIT = { maxConnections: 0, bodyLimit: Number.POSITIVE_INFINITY };

/** A service that serves, in a node of its own. */
function inNode(options: (skynet: Parameters<typeof serve>[0]) => ServeOptions): LoadedServer {
  return async () => {
    const node = await startNode({}, { onLog: () => {} });
    let server: HttpServer | undefined;
    const definition: ServiceDefinition = {
      kind: 'skynet.service',
      start: async (skynet) => {
        server = await serve(skynet, { port: 0, ...NO_LIMIT, ...options(skynet) });
      },
    };
    await node.newService(definition);
    return { port: server?.port ?? 0, stop: () => node.stop() };
  };
}

/** `hello` for every GET, and what came for every POST. */
export const skynetServer: LoadedServer = inNode(() => ({
  handler: (request) => (request.method === 'GET' ? 'hello' : request.body.bytes()),
}));

/** The same on plain node:http. */
export const nodeServer: LoadedServer = async () => {
  const answer: RequestListener = (request, response) => {
    if (request.method === 'GET') {
      response.writeHead(200, { 'content-type': 'text/plain; charset=utf-8', 'content-length': 5 });
      response.end('hello');
      return;
    }
    const pieces: Buffer[] = [];
    request.on('data', (piece: Buffer) => pieces.push(piece));
    request.on('end', () => {
      const body = Buffer.concat(pieces);
      response.writeHead(200, { 'content-type': 'application/octet-stream', 'content-length': body.length });
      response.end(body);
    });
  };
  const server = createServer(answer);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const stop = (): void => {
    server.close();
    server.closeAllConnections();
  };
  return { port: (server.address() as AddressInfo).port, stop };
};

/** Sends messages back. */
export const skynetSocket: LoadedServer = inNode((skynet) => {
  const websocket = createWebSocket(skynet);
  return { upgrades: { '*': websocket.endpoint({ message: (id, data) => websocket.write(id, data) }) } };
});

/** The same on the transport that gates have, where what is sent in one turn is one message. */
export const gateSocket: LoadedServer = async () => {
  const node = await startNode({ transports: [ws()] }, { onLog: () => {} });
  let port = 0;
  await node.run(async (skynet) => {
    const listener = await kernelOf(skynet).listen('ws://127.0.0.1:0', {}, (connection) =>
      connection.start({
        data: (chunk) => connection.write(Buffer.from(chunk)),
        end: () => connection.end(),
        drained() {},
        error() {},
        closed() {},
      }),
    );
    kernelOf(skynet).release(listener);
    port = listener.port;
  });
  return { port, stop: () => node.stop() };
};

/** The same on the library ws. */
export const wsSocket: LoadedServer = async () => {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1', perMessageDeflate: false });
  await new Promise((resolve) => server.once('listening', resolve));
  server.on('connection', (socket) => {
    socket.on('message', (data, binary) => socket.send(data, { binary }));
  });
  const stop = (): void => {
    server.close();
    for (const client of server.clients) client.terminate();
  };
  return { port: (server.address() as AddressInfo).port, stop };
};

import type { Handle, Skynet } from '@skynet/core';
import type { HttpRequest, Reply, ServerOptions } from '@skynet/http';
import { createWebSocket } from '@skynet/http/websocket';
import { digest } from './pattern.ts';
import { createHandler, failure, lines, passedFields, value } from './routes.ts';
import { createSocketHandler } from './socket-handler.ts';

/** Most bytes of a body. */
const BODY_LIMIT = 65_536;

/** What serves the connections of a port, in whichever service: HTTP with WebSocket on `/ws`, or WebSocket alone. */
export function serverOptions(
  skynet: Skynet,
  mode: 'http' | 'ws',
  last: Handle,
  unmasked: boolean,
): ServerOptions {
  const websocket = createWebSocket(skynet);
  const endpoint = websocket.endpoint(createSocketHandler(skynet, websocket, last), { unmasked });
  if (mode === 'ws') return { upgrades: { '*': endpoint } };
  const handler = createHandler(skynet, {
    '/wsfetch': (request, query) => fetched(skynet, request, value(query, 'url')),
  });
  return { handler, bodyLimit: BODY_LIMIT, upgrades: { '/ws': endpoint } };
}

/** The WebSocket client: sends back what comes, until the other side closes. */
async function fetched(skynet: Skynet, request: HttpRequest, url = ''): Promise<Reply> {
  await request.body.bytes();
  const websocket = createWebSocket(skynet);
  const fields = passedFields(request.headers);
  let id: number;
  try {
    id = await websocket.connect(url, fields.length === 0 ? undefined : fields);
  } catch (error) {
    return lines(failure(error));
  }
  const rows: string[] = [];
  try {
    for (;;) {
      const [data, closed] = await websocket.read(id);
      if (data === undefined) return lines(...rows, `closed: ${closed.toString('hex')}`);
      const bytes = Buffer.from(data as Buffer);
      rows.push(`message: ${digest(bytes)}`);
      if (bytes.toString('latin1') === 'close me') {
        websocket.close(id, 1000, 'bye');
        return lines(...rows, 'closed here');
      }
      websocket.write(id, bytes);
    }
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    return lines(...rows, 'error');
  }
}

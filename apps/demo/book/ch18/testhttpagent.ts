// Book 18.1: reads a request from the socket it is sent, and answers it with a page.
import { defineService, type Request } from '@skynet/core';
import { createSocketHelper, httpd, url as urllib } from '@skynet/http';
import { createSocket } from '@skynet/socket';

/** Characters that mean something in HTML. What a client sends is shown, not followed. */
const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

function escaped(text: string): string {
  return text.replace(/[&<>"]/g, (character) => ENTITIES[character] ?? '');
}

export default defineService((skynet) => {
  const socket = createSocket(skynet);
  const sockethelper = createSocketHelper(socket);

  async function response(id: number, code: number, body?: string): Promise<void> {
    const [ok, error] = await httpd.writeResponse(sockethelper.writeFunc(id), code, body);
    // If sockethelper.isSocketError(error), the socket is closed.
    if (!ok) skynet.error(`fd = ${id}, ${error}`);
  }

  skynet.dispatch('lua', async (_: Request, id: number) => {
    await socket.start(id); // From now on its data comes here.
    // A body has 8192 bytes at most; without a number it has no limit.
    const request = await httpd.readRequest(sockethelper.readFunc(id), 8192);
    if (request.code === undefined) {
      // Nothing that came: the client has gone.
      skynet.error(sockethelper.isSocketError(request.error) ? 'socket closed' : request.error);
    } else if (request.code !== 200) {
      await response(id, request.code); // No request, or none that is taken: the code says why.
    } else {
      if (request.header['host'] !== undefined) skynet.error('header host', request.header['host']);
      const { path, query } = urllib.parse(request.url);
      skynet.error(`path: ${path}`);
      let color = 'red';
      let text = 'hello';
      for (const [k, v] of Object.entries(urllib.parseQuery(query))) {
        skynet.error(`query: ${k}= ${v}`);
        if (k === 'color') color = String(v);
        else if (k === 'text') text = String(v);
      }
      await response(id, request.code, `<body bgcolor="${escaped(color)}">${escaped(text)}</body>\n`);
    }
    await socket.close(id);
  });
});

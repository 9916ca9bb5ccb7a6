import type { Handle, Skynet } from '@skynet/core';
import type { WebSocketApi, WebSocketHandler } from '@skynet/http/websocket';
import { fill } from './pattern.ts';

/** What is known of a connection. */
interface Peer {
  readonly events: string[];
  url: string;
  ip: string;
  shaken: boolean;
}

type Command = (id: number, peer: Peer, rest: string, message: string) => unknown;

/** Sends every message back, and does what those say that start with `!`. */
export function createSocketHandler(skynet: Skynet, websocket: WebSocketApi, last: Handle): WebSocketHandler {
  const peers = new Map<number, Peer>();
  const note = (id: number, what: string): void => void peers.get(id)?.events.push(what);
  const ended = (id: number, how: string): void => {
    peers.delete(id);
    skynet.send(last, 'lua', 'set', how);
  };
  const commands: Readonly<Record<string, Command>> = {
    close: (id, _, rest) => {
      const colon = rest.indexOf(':');
      const code = Number(colon === -1 ? rest : rest.slice(0, colon));
      websocket.close(id, code, colon === -1 ? '' : rest.slice(colon + 1));
    },
    ping: (id) => websocket.ping(id),
    big: (id, _, rest) => websocket.write(id, fill(1, Number(rest))),
    many: (id, _, rest) => {
      for (let i = 1; i <= Number(rest); i++) websocket.write(id, `${i}`);
    },
    slow: async (id, _, rest, message) => {
      await skynet.sleep(Number(rest));
      websocket.write(id, message);
    },
    url: (id, { url }) => websocket.write(id, url),
    ip: (id, { ip }) => websocket.write(id, ip),
    events: (id, { events }) => websocket.write(id, events.join(' ')),
    last: async (id) => websocket.write(id, await skynet.call<string>(last, 'lua', 'get')),
  };
  return {
    connect: (id) => {
      peers.set(id, { events: ['connect'], url: '', ip: 'nil', shaken: false });
    },
    handshake: (id, header, url) => {
      const peer = peers.get(id) as Peer;
      peer.events.push('handshake');
      peer.url = url;
      peer.ip = String(header['x-real-ip'] ?? 'nil');
      peer.shaken = true;
    },
    message: (id, data, type) => {
      const peer = peers.get(id) as Peer;
      const [, name = '', rest = ''] = typeof data === 'string' ? (/^!(\w+):?(.*)$/s.exec(data) ?? []) : [];
      if (Object.hasOwn(commands, name)) return commands[name]?.(id, peer, rest, data as string);
      note(id, `${type}:${typeof data === 'string' ? Buffer.byteLength(data) : data.length}`);
      websocket.write(id, data);
      return undefined;
    },
    ping: (id) => note(id, 'ping'),
    pong: (id) => note(id, 'pong'),
    close: (id, code, reason) => {
      // As the original, which gives a code only together with a reason.
      const word = code === undefined || reason === '' ? 'nil nil' : `${code} ${reason}`;
      ended(id, peers.get(id)?.shaken === true ? `close ${word}` : 'refused');
    },
    error: (id) => ended(id, 'error'),
  };
}

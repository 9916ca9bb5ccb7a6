import { acceptOf, isHandshakeKey } from './frames/handshake-key.ts';
import type { UpgradeRequest } from './plain-request.ts';

const PROTOCOLS = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+(?:[ \t]*,[ \t]*[!#$%&'*+\-.^_`|~0-9A-Za-z]+)*$/;

/** An answer to a request for an upgrade: the head of the one that agrees, or the status of another. */
export type Answer = { readonly head: string } | { readonly status: string };

/** Answers as RFC 6455, section 4.2, asks for; of the protocols that are offered the first is taken, and no extension. */
export function answerUpgrade({ method, headers }: UpgradeRequest): Answer {
  const key = headers['sec-websocket-key'];
  const version = headers['sec-websocket-version'];
  if (method !== 'GET') return { status: '405 Method Not Allowed' };
  if (headers.upgrade?.toLowerCase() !== 'websocket' || key === undefined || !isHandshakeKey(key))
    return { status: '400 Bad Request' };
  if (version !== '13' && version !== '8')
    return { status: '400 Bad Request\r\nsec-websocket-version: 13, 8' };
  const offered = headers['sec-websocket-protocol'];
  const protocols = offered === undefined ? [] : protocolsOf(offered);
  if (protocols === undefined) return { status: '400 Bad Request' };
  const [protocol] = protocols;
  return {
    head: [
      'HTTP/1.1 101 Switching Protocols',
      'Upgrade: websocket',
      'Connection: Upgrade',
      `Sec-WebSocket-Accept: ${acceptOf(key)}`,
      ...(protocol === undefined ? [] : [`Sec-WebSocket-Protocol: ${protocol}`]),
      '\r\n',
    ].join('\r\n'),
  };
}

/** Undefined if the header cannot be read, or names one twice. */
function protocolsOf(header: string): readonly string[] | undefined {
  if (!PROTOCOLS.test(header)) return undefined;
  const protocols = header.split(',').map((name) => name.trim());
  return new Set(protocols).size === protocols.length ? protocols : undefined;
}

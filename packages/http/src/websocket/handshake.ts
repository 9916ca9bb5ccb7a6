import { randomBytes } from 'node:crypto';
import { acceptOf, isHandshakeKey } from '@skynet/core/ws/frames';
import { httpError } from '../errors.ts';
import { Headers } from '../headers.ts';
import type { MessageHead } from '../parser/message-parser.ts';

const HTTP_1_1 = 11;

/** Why a handshake is refused: what is answered. */
export interface Refusal {
  readonly status: number;
  readonly body: string;
}

/** What a server asks of a handshake. */
export interface HandshakeRules {
  /** Subprotocols, of which a client that names some has to name one. */
  readonly protocols: readonly string[];
  /** Origins of pages that may connect; undefined for any. */
  readonly origins: ReadonlySet<string> | undefined;
}

/** The answer to a handshake: what agrees, or why it is refused, in the order and words of the original. */
export function answerHandshake(
  { method, version, fields }: Pick<MessageHead, 'method' | 'version' | 'fields'>,
  { protocols, origins }: HandshakeRules,
): Refusal | { readonly status: 101; readonly head: string } {
  const refused = (status: number, body = ''): Refusal => ({ status, body });
  if (method !== 'GET') return refused(400, 'need GET method');
  if (version !== HTTP_1_1) return refused(505);
  const headers = new Headers(fields);
  if (headers.get('upgrade')?.toLowerCase() !== 'websocket') return refused(426, 'Upgrade Required');
  const hosts = headers.all('host');
  if (hosts.length === 0) return refused(400, 'host Required');
  if (hosts.length > 1) return refused(400, 'several hosts');
  if (!/upgrade/i.test(headers.get('connection') ?? '')) return refused(400, 'Connection must Upgrade');
  const key = headers.get('sec-websocket-key');
  if (key === undefined) return refused(400, 'Sec-WebSocket-Key Required');
  if (!isHandshakeKey(key)) return refused(400, 'Sec-WebSocket-Key invalid');
  if (headers.get('sec-websocket-version') !== '13') return refused(400, 'Sec-WebSocket-Version must 13');
  const named = headers.get('sec-websocket-protocol');
  const wanted = named?.split(/[\s,]+/).find((name) => protocols.includes(name));
  if (named !== undefined && wanted === undefined)
    return refused(400, `Sec-WebSocket-Protocol need include ${protocols.join(' or ')}`);
  if ((headers.get('content-length') ?? '0') !== '0' || headers.has('transfer-encoding'))
    return refused(400, 'a handshake has no body');
  const origin = headers.get('origin');
  if (origins !== undefined && origin !== undefined && !origins.has(origin))
    return refused(403, 'not from this origin');
  const protocol = wanted === undefined ? '' : `Sec-WebSocket-Protocol: ${wanted}\r\n`;
  return {
    status: 101,
    head:
      'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n' +
      `Sec-WebSocket-Accept: ${acceptOf(key)}\r\n${protocol}\r\n`,
  };
}

/** A key for the handshake of a client. */
export function freshKey(): string {
  return randomBytes(16).toString('base64');
}

/** Fields that a client sends. @throws ERR_HTTP_HEADER for fields that are the handshake's. */
export function requestFields(
  key: string,
  given: readonly (readonly [string, string])[],
): [string, string][] {
  const own: [string, string][] = [
    ['Upgrade', 'websocket'],
    ['Connection', 'Upgrade'],
    ['Sec-WebSocket-Version', '13'],
    ['Sec-WebSocket-Key', key],
  ];
  const names = new Set(own.map(([name]) => name.toLowerCase()));
  for (const [name, value] of given) {
    if (names.has(name.toLowerCase()) || /^(?:content-length|transfer-encoding)$/i.test(name))
      throw httpError('ERR_HTTP_HEADER', `the field ${name.toLowerCase()} is the handshake's`);
    own.push([name, value]);
  }
  return own;
}

/** Checks the answer that a client got. @throws ERR_WEBSOCKET_HANDSHAKE. */
export function checkAnswer(
  status: number,
  headers: Headers,
  key: string,
  protocols: string | undefined,
): void {
  const fail = (why: string): never => {
    throw httpError('ERR_WEBSOCKET_HANDSHAKE', `websocket handshake ${why}`, { details: { status } });
  };
  if (status !== 101) fail(`error: code[${status}]`);
  if (headers.get('upgrade')?.toLowerCase() !== 'websocket') fail('upgrade must websocket');
  if (!/(?:^|[,\s])upgrade(?:$|[,\s])/i.test(headers.get('connection') ?? ''))
    fail('connection must upgrade');
  const accept = headers.get('sec-websocket-accept');
  if (accept === undefined) fail('need Sec-WebSocket-Accept');
  if (accept !== acceptOf(key)) fail('invalid Sec-WebSocket-Accept');
  if (headers.has('sec-websocket-extensions')) fail('with extensions nobody asked for');
  const protocol = headers.get('sec-websocket-protocol');
  if (protocol !== undefined && !(protocols ?? '').split(/[\s,]+/).includes(protocol))
    fail('with a protocol nobody asked for');
}

import type { SkynetError } from '@skynet/core';
import type { HeaderTable } from '../headers.ts';

/** What a connection tells, each as part of one task of the service, one after another. All may wait. */
export interface WebSocketHandler {
  /** Somebody has connected; the handshake is still to come. */
  connect?(id: number): unknown;
  /** The handshake is done. */
  handshake?(id: number, header: HeaderTable, url: string): unknown;
  /** A message: text, or bytes which are the handler's own. */
  message?(id: number, data: string | Buffer, type: 'text' | 'binary'): unknown;
  /** The peer has asked for a sign of life, and got it. */
  ping?(id: number): unknown;
  /** A sign of life has come, asked for or not. */
  pong?(id: number): unknown;
  /** It is over, politely, or was refused. Code and reason as the peer gave them; without where it gave none. */
  close?(id: number, code?: number, reason?: string): unknown;
  /** It is over: it broke, or the peer broke the rules. */
  error?(id: number, error: SkynetError): unknown;
  /** So many kilobytes wait to be sent: 1024, and each doubling; 0 when all is sent. */
  warning?(id: number, kilobytes: number): unknown;
}

import type { IncomingMessage } from 'node:http';
import { type Socket, connect as tcpConnect } from 'node:net';
import type { ClientOptions, WebSocket } from 'ws';
import { isSkynetError, SkynetError } from '../errors.ts';
import type { ConnectOptions, TransportAddress } from '../transport/contract.ts';
import { endpoint } from '../transport/endpoint.ts';
import { systemError } from '../transport/system-error.ts';
import { connectSecurely } from '../transport/tls-settings.ts';
import type { Library } from './library.ts';
import type { ResolvedWsOptions } from './options.ts';

/** A WebSocket that is open and paused, and the socket under it. */
export interface Opened {
  readonly ws: WebSocket;
  readonly socket: Socket;
}

/** @throws ERR_ADDRESS_INVALID for what the library takes for no address. */
function begin(Class: Library['WebSocket'], url: string, options: ClientOptions): WebSocket {
  try {
    return new Class(url, options);
  } catch (cause) {
    if (isSkynetError(cause)) throw cause;
    const text = `Invalid address ${url}.`;
    throw new SkynetError('ERR_ADDRESS_INVALID', text, { cause, details: { address: url } });
  }
}

/**
 * Connects to a server, and has it upgrade.
 * @throws ERR_CONNECT, ERR_TIMEOUT, ERR_ABORTED, ERR_ADDRESS_INVALID, ERR_ARGUMENT.
 */
export function openWebSocket(
  { WebSocket: Class }: Library,
  { scheme, host, port, path }: TransportAddress,
  settings: ResolvedWsOptions,
  { timeout = 0, signal }: ConnectOptions,
): Promise<Opened> {
  const address = endpoint(host, port, '');
  const details = { address };
  return new Promise((resolve, reject) => {
    if (signal?.aborted) {
      reject(
        new SkynetError('ERR_ABORTED', `connecting to ${address} was given up`, {
          cause: signal.reason,
          details,
        }),
      );
      return;
    }
    let socket: Socket | undefined;
    const ws = begin(Class, `${scheme}://${address}${path}`, {
      headers: { ...settings.headers },
      maxPayload: settings.maxPayload,
      perMessageDeflate: settings.perMessageDeflate,
      createConnection: () => {
        socket =
          scheme === 'wss'
            ? connectSecurely('ws', settings.client, host, port, false)
            : tcpConnect({ host, port });
        return socket;
      },
    });
    let timer: NodeJS.Timeout | undefined;
    const settle = (failure?: SkynetError): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', onAbort);
      ws.off('error', onError);
      if (failure === undefined && socket !== undefined) {
        ws.pause();
        resolve({ ws, socket });
        return;
      }
      // What giving up brings along is of no interest.
      ws.on('error', () => {});
      ws.terminate();
      reject(failure);
    };
    const onError = (error: NodeJS.ErrnoException): void =>
      settle(isSkynetError(error) ? error : systemError('ERR_CONNECT', error, address));
    const onAbort = (): void =>
      settle(
        new SkynetError('ERR_ABORTED', `connecting to ${address} was given up`, {
          cause: signal?.reason,
          details,
        }),
      );
    ws.on('error', onError);
    ws.once('open', () => settle());
    ws.once('unexpected-response', (request, response: IncomingMessage) => {
      const { statusCode: status } = response;
      request.destroy();
      settle(
        new SkynetError('ERR_CONNECT', `the server answers ${status}`, { details: { address, status } }),
      );
    });
    signal?.addEventListener('abort', onAbort);
    if (timeout <= 0) return;
    timer = setTimeout(() => {
      const text = `Connection timed out after ${timeout} ms`;
      settle(new SkynetError('ERR_TIMEOUT', text, { details: { address, timeout } }));
    }, timeout);
  });
}

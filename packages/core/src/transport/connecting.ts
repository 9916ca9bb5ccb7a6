import type { Socket } from 'node:net';
import { SkynetError } from '../errors.ts';
import type { ConnectOptions } from './contract.ts';
import { systemError } from './system-error.ts';

/**
 * Waits until a socket is connected; destroys it when that fails.
 * @throws ERR_CONNECT, ERR_TIMEOUT, ERR_ABORTED.
 */
export function connected(
  socket: Socket,
  event: 'connect' | 'secureConnect',
  address: string,
  options: ConnectOptions,
): Promise<void> {
  const { timeout = 0, signal } = options;
  return new Promise((resolve, reject) => {
    let timer: NodeJS.Timeout | undefined;
    const settle = (error?: SkynetError): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', onAbort);
      socket.off('error', onError);
      socket.off('close', onClose);
      socket.off(event, onConnected);
      if (error === undefined) {
        resolve();
        return;
      }
      socket.on('error', () => {});
      socket.destroy();
      reject(error);
    };
    const onConnected = (): void => settle();
    const onError = (error: NodeJS.ErrnoException): void =>
      settle(systemError('ERR_CONNECT', error, address));
    // Sockets tell why they close by an error; should one not, the attempt must not hang.
    const onClose = (): void => {
      settle(new SkynetError('ERR_CONNECT', 'Connection closed by peer', { details: { address } }));
    };
    const onAbort = (): void => {
      const details = { address };
      settle(
        new SkynetError('ERR_ABORTED', `connecting to ${address} was given up`, {
          cause: signal?.reason,
          details,
        }),
      );
    };
    socket.on('error', onError);
    socket.on('close', onClose);
    socket.on(event, onConnected);
    if (signal?.aborted) {
      onAbort();
      return;
    }
    signal?.addEventListener('abort', onAbort);
    if (timeout <= 0) return;
    timer = setTimeout(() => {
      settle(
        new SkynetError('ERR_TIMEOUT', `Connection timed out after ${timeout} ms`, {
          details: { address, timeout },
        }),
      );
    }, timeout);
  });
}

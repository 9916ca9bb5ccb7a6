import { Socket, type SocketConstructorOpts } from 'node:net';

/**
 * Node's own handle of a TCP or unix socket, below `net.Socket`. It is not public, so everything here is tested before
 * it is used, and `net.Socket` does the work where the test fails. What it gives: reads into one buffer that all
 * connections share, writes without a stream's bookkeeping, a third of the memory.
 */
export interface NativeHandle {
  onread: (this: NativeHandle) => Uint8Array | undefined;
  readonly fd?: number;
  readStart(): number;
  readStop(): number;
  useUserBuffer(buffer: Uint8Array): void;
  writeBuffer(request: NativeRequest, bytes: Uint8Array): number;
  writev(request: NativeRequest, pieces: Uint8Array[], allBuffers: true): number;
  shutdown(request: NativeRequest): number;
  close(done?: () => void): void;
  /** Closes so that the peer sees a broken connection. */
  reset?(done?: () => void): number;
  getpeername?(out: NativeName): number;
  getsockname?(out: NativeName): number;
  setNoDelay?(on: boolean): number;
  setKeepAlive?(on: boolean, seconds: number): number;
}

export interface NativeRequest {
  /** What it writes. Nothing else keeps that memory while the system has not taken it all. */
  bytes?: Uint8Array | Uint8Array[];
  oncomplete?: (this: NativeRequest, status: number) => void;
}

/** Filled by the handle. */
export interface NativeName {
  address?: string;
  port?: number;
}

/** A listening handle. */
export interface NativeServer {
  onconnection: (status: number, client: NativeHandle | undefined) => void;
}

/** What reads and writes report through. */
export interface NativeStreams {
  readonly WriteWrap: new () => NativeRequest;
  readonly ShutdownWrap: new () => NativeRequest;
  readonly streamBaseState: Int32Array;
  /** Where in it: bytes read, or a negative error. */
  readonly kReadBytesOrError: number;
  /** And whether the last write goes on behind the scenes. */
  readonly kLastWriteWasAsync: number;
}

/** Node's number for the end of a stream. */
export const END_OF_STREAM: number = -4095;

const METHODS = [
  'readStart',
  'readStop',
  'useUserBuffer',
  'writeBuffer',
  'writev',
  'shutdown',
  'close',
] as const;

function isFunction(value: unknown): boolean {
  return typeof value === 'function';
}

/** Node's stream internals, or undefined where they are out of reach or look different. */
export function nativeStreams(): NativeStreams | undefined {
  try {
    const { binding } = process as unknown as { binding?: (name: string) => unknown };
    const found = binding?.call(process, 'stream_wrap') as Partial<NativeStreams> | undefined;
    if (found === undefined) return undefined;
    const fits =
      isFunction(found.WriteWrap) &&
      isFunction(found.ShutdownWrap) &&
      found.streamBaseState instanceof Int32Array &&
      Number.isInteger(found.kReadBytesOrError) &&
      Number.isInteger(found.kLastWriteWasAsync);
    return fits ? (found as NativeStreams) : undefined;
  } catch {
    return undefined;
  }
}

/** Whether it has everything we use. */
export function isNativeHandle(handle: unknown): handle is NativeHandle {
  if (typeof handle !== 'object' || handle === null || !('onread' in handle)) return false;
  return METHODS.every((method) => isFunction((handle as Partial<NativeHandle>)[method]));
}

/**
 * Takes the handle away from a socket of node:net, which was needed for what came before bytes: neither knows the other any
 * more, so that the socket's memory is free.
 */
export function takeHandle(socket: object, handle: NativeHandle): void {
  const known = handle as unknown as Record<symbol, unknown>;
  (socket as { _handle?: unknown })._handle = null;
  for (const symbol of Object.getOwnPropertySymbols(handle))
    if (known[symbol] === socket) known[symbol] = undefined;
}

/** A socket of node:net around a handle, as its server makes them, which reads into a buffer that others use, too. */
export function socketOf(handle: NativeHandle, buffer: Uint8Array): Socket {
  const callback = (size: number): boolean => socket.push(Buffer.from(buffer.subarray(0, size)));
  const options = { handle, allowHalfOpen: true, onread: { buffer, callback } };
  const socket = new Socket(options as SocketConstructorOpts);
  return socket;
}

/** The handle of a server or socket of node:net, if it is one we know. */
export function handleOf(owner: object): unknown {
  return (owner as { _handle?: unknown })._handle;
}

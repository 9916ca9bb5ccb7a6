import type { Handle, SkynetError } from '@skynet/core';
import { readOptions } from '@skynet/core/options';
import { gateError } from './errors.ts';
import type { GateOptions } from './options.ts';

/**
 * The configuration as `handler.open` gets it: `host`, `port` and `maxclient` are those in force. Of several addresses
 * `host` and `port` are the first one's.
 */
export interface OpenedConfig extends GateOptions {
  /** Where the gate listens: an ip, or the path or name of a transport without hosts. */
  host: string;
  /** The same, by the original's word. */
  address: string;
  /** The bound port, 0 for transports without ports. */
  port: number;
  /** All places where the gate listens: `ip:port`, or the path or name. */
  addresses: readonly string[];
  maxclient: number;
  /** Whatever else `open` was given. */
  [key: string]: unknown;
}

/**
 * What a gate server does with its clients (book §13.1, §13.4, §13.5). `fd` is the number of a connection, unique in
 * the node. Nothing here is waited for: a callback that suspends does not hold up the next one. Callbacks of one
 * connection start in order, and what one of them throws is logged and concerns nobody else.
 */
export interface GateHandler {
  /** A client has connected. Nothing is read from it before `openClient(fd)`. */
  connect(fd: number, address: string): unknown;
  /** One packet. The bytes belong to the callee; they share memory with other packets of the connection. */
  message(fd: number, bytes: Uint8Array): unknown;
  /** The connection is over, whoever ended it. Called once, last. Refused clients get this call only. */
  disconnect?(fd: number): unknown;
  /** The connection broke, or went beyond a limit and was cut off: see `error.code`. `disconnect` follows. */
  error?(fd: number, message: string, error: SkynetError): unknown;
  /** So many KiB wait to be sent: called at 1 MiB and at every doubling, and with 0 when all has gone. */
  warning?(fd: number, kilobytes: number): unknown;
  /** The gate listens. What this returns is the answer to `open`; when it throws, the gate stops listening. */
  open?(source: Handle, config: OpenedConfig): unknown;
  /** A `lua` message other than `open` and `close`. What this returns is the answer. */
  command?(command: string, source: Handle, ...args: never[]): unknown;
  /**
   * Options of the handler's own that `open` may carry; others are refused. Default: none without `open`, and with it
   * any that does not look like one of the gate's misspelt.
   */
  readonly options?: readonly string[];
  /** Leave `lua` messages to the service, which hands over those for the gate with `Gateserver.command`. */
  readonly embed?: boolean;
}

/** @throws ERR_ARGUMENT for a handler that lacks a function, or has one whose name is misspelt. */
export function checkHandler(given: GateHandler): void {
  readOptions('gate handler', given ?? {}, (handler) => {
    handler.allow(['connect', 'message']);
    handler.flag('embed', false);
    const own = handler.value('options') ?? [];
    if (!Array.isArray(own) || own.some((name) => typeof name !== 'string'))
      handler.wrong('options', 'a list of names');
    const optional = ['disconnect', 'error', 'warning', 'open', 'command'] as const;
    for (const name of optional) handler.callable(name, false);
    handler.allowOthers();
    handler.refuseUnknown();
    if (typeof given?.connect !== 'function' || typeof given.message !== 'function')
      throw gateError('ERR_ARGUMENT', 'a gate handler needs the functions connect and message');
  });
}

/** Options that a handler takes besides those of the gate; undefined: whatever there is. */
export function ownOptions({ open, options }: GateHandler): readonly string[] | undefined {
  return options ?? (open === undefined ? [] : undefined);
}

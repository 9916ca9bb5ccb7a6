import type { Handle, Skynet, SkynetError } from '@skynet/core';

/** What a gate does for the message server that runs on it. `startGateserver` of `@skynet/gateserver` returns such. */
export interface Gate {
  /** Where it listens, undefined while it does not. */
  readonly address: string | undefined;
  /** All places, where it can listen on several. */
  readonly addresses?: readonly string[];
  /** Lets packets of a connection come. */
  openClient(fd: number): boolean;
  /** Sends what was written to a connection, then closes it. */
  closeClient(fd: number): boolean;
  /** Writes a packet; never waits. False if there is no such connection. */
  send(fd: number, payload: Uint8Array): boolean;
  /** Stops reading from a connection whose requests agents have not caught up with, and goes on. */
  pauseClient?(fd: number): unknown;
  /** Goes on reading. */
  resumeClient?(fd: number): unknown;
}

/** What a gate tells the message server. */
export interface GateEvents {
  /** A client has connected; nothing is read from it before `openClient`. */
  connect(fd: number, address: string): unknown;
  /** A packet. */
  message(fd: number, payload: Uint8Array): unknown;
  /** The connection is over. */
  disconnect(fd: number): unknown;
  /** The connection broke; `disconnect` follows. */
  error(fd: number, message: string, error: SkynetError): unknown;
  /** The gate listens. What this returns is the answer to `open`; when it throws, the gate stops listening. */
  open(source: Handle, config: { readonly [key: string]: unknown }): unknown;
  /** Options of `open` that are none of the gate's. */
  readonly options: readonly string[];
  /** A `lua` message other than `open` and `close`. What this returns is the answer. */
  command(command: string, source: Handle, ...args: never[]): unknown;
}

/**
 * Starts the gate of a service: it answers the `lua` messages `open` and `close` itself. `startGateserver` of
 * `@skynet/gateserver` is one; give options to it by `(skynet, events) => startGateserver(skynet, events, options)`.
 */
export type StartGate = (skynet: Skynet, events: GateEvents) => Gate;

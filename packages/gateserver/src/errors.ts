import { type KernelErrorCode, SkynetError, type SkynetErrorOptions } from '@skynet/core';

/** Codes this package adds to those of `@skynet/core`. */
export type GateErrorCode =
  /** `open` while the gate listens. */
  | 'ERR_GATE_LISTENING'
  /** `close` while the gate does not listen. */
  | 'ERR_GATE_NOT_LISTENING'
  /** The gate has no such connection. */
  | 'ERR_GATE_FD'
  /** More bytes wait for a slow reader than `limits.writeBacklog` allows; the connection was cut off. */
  | 'ERR_GATE_BACKLOG'
  /** No complete packet came within `limits.handshake`; the connection was closed. */
  | 'ERR_GATE_HANDSHAKE'
  /** Nothing came within `limits.idle`; the connection was closed. */
  | 'ERR_GATE_IDLE'
  /** The agent that a connection was forwarded to has ended; the connection was closed. */
  | 'ERR_GATE_AGENT';

/** An error of this package, or one of the kernel's codes. */
export function gateError(
  code: GateErrorCode | KernelErrorCode,
  message: string,
  options?: SkynetErrorOptions,
): SkynetError {
  return new SkynetError<typeof code>(code, message, options);
}

import type { Handle } from '@skynet/core';
import { base64decode, equal, hmacHash } from '@skynet/core/crypt';
import { History } from './history.ts';
import type { ResolvedOptions } from './options.ts';
import { PushBuffer } from './push-buffer.ts';
import { type Handshake, type HandshakeStatus, pushNumber, STATUS } from './wire.ts';

/** A connection of a message server. */
export interface Link {
  readonly fd: number;
  readonly address: string;
  /** Set once the handshake has succeeded. */
  user: User | undefined;
  /** Whether the client has asked for the extension. */
  extended: boolean;
  /** Requests that agents work on. */
  pending: number;
  /** Ends the connection when the handshake takes too long. */
  timer: NodeJS.Timeout | undefined;
}

/** A user who is logged in. */
export class User {
  readonly username: string;
  readonly secret: Uint8Array;
  /** Index of the last handshake that succeeded. */
  index = 0n;
  /** Number of handshakes that succeeded. */
  version = 0;
  /** All connections, oldest first; the newest is the one that counts. */
  readonly links: Set<Link> = new Set();
  newest: Link | undefined = undefined;
  readonly history: History;
  readonly pushes: PushBuffer;
  /** Requests being worked on. */
  pending = 0;
  /** Whom requests go to; 0: to the request handler. */
  agent: Handle = 0;
  /** Whether pushes are of any use: false once a client without the extension has come. */
  takesPushes = true;

  constructor(username: string, secret: Uint8Array, options: ResolvedOptions) {
    this.username = username;
    this.secret = secret;
    this.history = new History(options.expiredNumber);
    this.pushes = new PushBuffer(options.pushNumber, options.pushBytes);
  }

  /** Whether a handshake is one of this user. */
  check({ username, index, hmac, extension }: Handshake): HandshakeStatus {
    if (!/^\d{1,20}$/.test(index)) return STATUS.badRequest;
    let proof: Uint8Array;
    try {
      proof = base64decode(hmac);
    } catch {
      return STATUS.badRequest;
    }
    if (BigInt(index) <= this.index) return STATUS.expired;
    if (!equal(proof, hmacHash(this.secret, `${username}:${index}`))) return STATUS.unauthorized;
    // A push that was never sent cannot have come.
    if ((pushNumber(extension) ?? 0) > this.pushes.sent) return STATUS.badRequest;
    return STATUS.ok;
  }
}

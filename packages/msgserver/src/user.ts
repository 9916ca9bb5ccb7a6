import type { Handle } from '@skynet/core';
import { History } from './history.ts';
import type { ResolvedOptions } from './options.ts';
import { PushBuffer } from './push-buffer.ts';

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
  newest: Link | undefined;
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
}

import type { Skynet, TimerHandle } from '@skynet/core';
import { type Client, MARK } from './client.ts';
import { gateError } from './errors.ts';
import type { ResolvedOptions } from './options.ts';

/** Looks for silent clients in this part of the shortest limit, so that none is cut off later than a quarter too late. */
const PART = 4;

/** Closes clients that do not send their first packet in time, or nothing for too long. One timer for all of them. */
export class Timeouts {
  readonly #skynet: Skynet;
  readonly #clients: ReadonlyMap<number, Client>;
  #period = Number.POSITIVE_INFINITY;
  #timer: TimerHandle | undefined;

  constructor(skynet: Skynet, clients: ReadonlyMap<number, Client>) {
    this.#skynet = skynet;
    this.#clients = clients;
  }

  /** Makes sure that these limits are looked after. */
  watch({ handshake, idle }: ResolvedOptions): void {
    const shortest = Math.min(handshake || Number.POSITIVE_INFINITY, idle || Number.POSITIVE_INFINITY);
    if (shortest === Number.POSITIVE_INFINITY) return;
    const period = Math.max(10, Math.ceil(shortest / PART));
    if (period >= this.#period) return;
    this.#timer?.cancel();
    this.#period = period;
    this.#timer = this.#skynet.interval(`${period}ms`, () => this.#look());
  }

  #look(): void {
    if (this.#clients.size === 0) {
      this.#timer?.cancel();
      this.#timer = undefined;
      this.#period = Number.POSITIVE_INFINITY;
    }
    for (const client of this.#clients.values()) {
      const { handshake, idle } = client.options;
      client.silentFor += this.#period;
      client.acceptedFor += this.#period;
      // The first part may be any fraction of a period.
      if (handshake > 0 && !client.is(MARK.GREETED) && client.acceptedFor > handshake) {
        client.fail(
          gateError('ERR_GATE_HANDSHAKE', `no packet within ${handshake} ms`, {
            details: { limit: handshake },
          }),
        );
      } else if (idle > 0 && client.silentFor > idle) {
        client.fail(
          gateError('ERR_GATE_IDLE', `nothing came within ${idle} ms`, { details: { limit: idle } }),
        );
      }
    }
  }
}

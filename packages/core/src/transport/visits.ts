import type { Socket } from 'node:net';
import { endpoint } from './endpoint.ts';
import type { Visit } from './entrance.ts';

/** Visits by the address of their peer: a socket of node:tls shows nothing else of the one it is wrapped around. */
export class Visits {
  readonly #byAddress = new Map<string, Visit>();

  /** Remembers it until its socket is closed. */
  add(visit: Visit, socket: Socket): void {
    this.#byAddress.set(visit.address, visit);
    socket.once('close', () => this.forget(visit));
  }

  /** Its socket is not asked for any more. */
  forget(visit: Visit): void {
    if (this.#byAddress.get(visit.address) === visit) this.#byAddress.delete(visit.address);
  }

  /** Undefined if it was reset. */
  of(socket: Socket): Visit | undefined {
    return this.#byAddress.get(endpoint(socket.remoteAddress, socket.remotePort, ''));
  }
}

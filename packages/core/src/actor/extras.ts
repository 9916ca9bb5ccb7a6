import type { Request } from '../contracts/request.ts';
import type { Handover } from '../contracts/skynet.ts';
import type { Handle } from '../handle.ts';
import type { Body, Message } from '../message.ts';
import type { Brood } from './brood.ts';
import type { OpenRequests } from './open-requests.ts';
import type { Pending } from './pending.ts';
import type { Handler } from './protocol-table.ts';
import type { Refusals } from './refusals.ts';
import { Sieve } from './sieve.ts';
import type { Watch } from './watch.ts';

/** Tables that most services never need. */
export class Extras {
  waiting: Map<unknown, Pending> | undefined = undefined;
  openRequests: OpenRequests | undefined = undefined;
  abandoned: Set<number> | undefined = undefined;
  owned: Set<() => unknown> | undefined = undefined;
  /** What of that cannot change its thread. */
  holds: Set<() => string | undefined> | undefined = undefined;
  watches: Set<Watch> | undefined = undefined;
  exitHooks: (() => unknown)[] | undefined = undefined;
  inits: Promise<unknown>[] | undefined = undefined;
  /** While it starts. */
  brood: Brood | undefined = undefined;
  /** Once there is anything in it. */
  sieveSoFar: Sieve | undefined = undefined;
  /** Requests that nobody waits for any more. */
  cancelled: WeakSet<object> | undefined = undefined;
  /** Calls that do not end with the request they were made for. */
  independent: WeakSet<Pending> | undefined = undefined;
  /** Messages for which its mailbox had no room. */
  refusals: Refusals | undefined = undefined;
  unknownRequest: ((request: Request) => unknown) | undefined = undefined;
  unknownResponse: ((session: number, source: Handle, body: Body) => void) | undefined = undefined;
  /** Number of the watchdog's last report about this service, and of the last one it was told of. */
  endlessReport: number | undefined = undefined;
  endlessTold: number | undefined = undefined;
  /** What is done to it as a whole. */
  changing: 'reload' | 'move' | undefined = undefined;
  /** While it is frozen: takes answers that come. */
  passAnswer: ((answer: Message) => void) | undefined = undefined;
  handover: Handover | undefined = undefined;
  debug: Map<string, (...args: unknown[]) => unknown> | undefined = undefined;
  info: ((...args: string[]) => unknown) | undefined = undefined;
  handlers: Map<number, Handler> | undefined = undefined;

  /** Whether there are requests that are cancelled, or belong to a trace. */
  get isLimiting(): boolean {
    return this.cancelled !== undefined || this.sieveSoFar?.traces !== undefined;
  }

  get sieve(): Sieve {
    this.sieveSoFar ??= new Sieve();
    return this.sieveSoFar;
  }
}

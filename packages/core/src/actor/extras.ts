import type { Request } from '../contracts/request.ts';
import type { Handover } from '../contracts/skynet.ts';
import type { Handle } from '../handle.ts';
import type { Body, Message } from '../message.ts';
import type { Brood } from './brood.ts';
import type { Filter } from './filters.ts';
import type { Mailbox } from './mailbox.ts';
import type { OpenRequests } from './open-requests.ts';
import type { Pending } from './pending.ts';
import type { Handler } from './protocol-table.ts';
import type { Refusals } from './refusals.ts';
import type { TraceTags } from './trace-tags.ts';
import type { Watch } from './watch.ts';

/** Tables that most services never need. */
export class Extras {
  waiting: Map<unknown, Pending> | undefined;
  woken: Mailbox<Pending> | undefined;
  openRequests: OpenRequests | undefined;
  abandoned: Set<number> | undefined;
  owned: Set<() => unknown> | undefined;
  /** What of that cannot change its thread. */
  holds: Set<() => string | undefined> | undefined;
  watches: Set<Watch> | undefined;
  exitHooks: (() => unknown)[] | undefined;
  inits: Promise<unknown>[] | undefined;
  /** While it starts. */
  brood: Brood | undefined;
  forward: Readonly<Record<number, number>> | undefined;
  /** In the order in which they were set. */
  filters: Filter[] | undefined;
  /** Requests that nobody waits for any more. */
  cancelled: WeakSet<object> | undefined;
  /** Calls that do not end with the request they were made for. */
  independent: WeakSet<Pending> | undefined;
  /** Messages for which its mailbox had no room. */
  refusals: Refusals | undefined;
  /** Once a traced request has come. */
  traces: TraceTags | undefined;
  unknownRequest: ((request: Request) => unknown) | undefined;
  unknownResponse: ((session: number, source: Handle, body: Body) => void) | undefined;
  /** Number of the watchdog's last report about this service, and of the last one it was told of. */
  endlessReport: number | undefined;
  endlessTold: number | undefined;
  /** What is done to it as a whole. */
  changing: 'reload' | 'move' | undefined;
  /** Requests that wait while the code is exchanged. */
  held: Mailbox | undefined;
  /** While it is frozen: takes answers that come. */
  passAnswer: ((answer: Message) => void) | undefined;
  handover: Handover | undefined;
  debug: Map<string, (...args: unknown[]) => unknown> | undefined;
  info: ((...args: string[]) => unknown) | undefined;
  handlers: Map<number, Handler> | undefined;
}

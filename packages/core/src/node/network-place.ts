import type { Service } from '../actor/service.ts';
import type { ServiceStarter } from '../actor/service-starter.ts';
import type { Network, NetworkPlace, Remote } from '../contracts/remote.ts';
import { LimitedMessage } from '../message.ts';
import type { Endings } from '../route/endings.ts';
import type { NameTable } from '../route/name-table.ts';
import type { Redirections } from '../route/redirections.ts';
import type { Router } from '../route/router.ts';
import type { Neighbours } from '../threads/neighbours.ts';
import { COUNTER } from './shared-parts.ts';

/** The thread that holds the network, the main one. */
export interface NetworkThread {
  readonly router: Router<Service>;
  readonly endings: Endings;
  readonly names: NameTable;
  readonly redirections: Redirections;
  readonly starter: ServiceStarter;
  deadlineAfter(milliseconds: number): number;
  leftUntil(deadline: number): number;
}

/** What a network has of the thread that holds it. `counters` are those that the threads share. */
export function createNetworkPlace(
  { maxBody, hasValues = false }: Network,
  thread: NetworkThread,
  neighbours: Neighbours,
  counters: Int32Array,
): NetworkPlace {
  const { router, endings, names, redirections, starter } = thread;
  return {
    start: (definition, name, args, kind) => starter.start(definition, name, args, kind),
    install: (remote: Remote) => {
      router.remote.install(remote);
      Atomics.store(counters, COUNTER.HAS_VALUES, hasValues ? 1 : 0);
      Atomics.store(counters, COUNTER.MAX_BODY, maxBody);
    },
    deliver: (to, message) => router.deliver(to, message),
    leftFor: ({ deadline }) => (deadline === 0 ? Number.POSITIVE_INFINITY : thread.leftUntil(deadline)),
    limited: ({ type, session, source, body }, left) =>
      new LimitedMessage(type, session, source, body, thread.deadlineAfter(left)),
    cancelled: (to, source, session) => router.cancelRequest(to, source, session),
    threadOf: (handle) => router.threadOf(handle),
    lost: (harbor) => {
      neighbours.tellAll({ op: 'node-lost', harbor });
      router.nodeLost(harbor);
    },
    gone: (handle, reason) => endings.tell(handle, reason),
    named: (name, handle) => {
      names.set(name, handle);
      neighbours.tellAll({ op: 'named' });
    },
    unnamed: (name, handle) => {
      if (names.get(name) === handle) names.remove(name);
    },
    resolved: (message, handle) => {
      const { source, session } = message;
      if (session !== 0) redirections.add(source, session, router.unknown, handle);
      if (!router.deliver(handle, message)) router.refuse(handle, message);
    },
  };
}

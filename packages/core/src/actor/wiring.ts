import { PTYPE } from '../protocol.ts';
import { DEFAULT_PROTOCOLS } from './default-protocols.ts';
import type { Extras } from './extras.ts';
import type { Handler, ProtocolTable } from './protocol-table.ts';
import type { Service } from './service.ts';
import type { Sieve } from './sieve.ts';
import type { Timer } from './timer.ts';

// New code for a service: what the old one has set up is taken out, and put back should the new one not work.

/** What the code of a service has set up. */
export interface Wiring {
  readonly extras: Partial<Extras>;
  readonly sieve: Pick<Sieve, 'filters' | 'forward'>;
  readonly luaHandler: Handler | undefined;
  readonly protocols: ProtocolTable;
  readonly timers: ReadonlySet<Timer>;
  readonly owned: ReadonlySet<() => unknown>;
}

const NO_WIRING: Partial<Extras> = {
  handlers: undefined,
  unknownRequest: undefined,
  unknownResponse: undefined,
  debug: undefined,
  info: undefined,
  exitHooks: undefined,
  handover: undefined,
};

const NO_SIEVE: Wiring['sieve'] = { filters: undefined, forward: undefined };

/** Whether nothing but the exchange itself is being worked on. */
export function isDrained(service: Service): boolean {
  for (const { message } of service.extrasSoFar?.openRequests ?? [])
    if (message.type !== PTYPE.DEBUG) return false;
  return true;
}

/** Takes out everything that its code has set up, so that other code can set up its own. */
export function takeWiring(service: Service): Wiring {
  const { extras } = service;
  const { handlers, unknownRequest, unknownResponse, debug, info, exitHooks, handover } = extras;
  const wiring: Wiring = {
    extras: {
      handlers,
      unknownRequest,
      unknownResponse,
      debug,
      info,
      exitHooks,
      handover,
    },
    sieve: { filters: extras.sieveSoFar?.filters, forward: extras.sieveSoFar?.forward },
    luaHandler: service.luaHandler,
    protocols: service.protocols,
    timers: service.workTimers(),
    owned: new Set(extras.owned),
  };
  Object.assign(extras, NO_WIRING);
  if (extras.sieveSoFar !== undefined) Object.assign(extras.sieveSoFar, NO_SIEVE);
  service.luaHandler = undefined;
  service.protocols = DEFAULT_PROTOCOLS;
  return wiring;
}

/** The new code works: what the old one had set up to happen does not happen any more. What it opened stays open. */
export function dropWiring(service: Service, { timers }: Wiring): void {
  for (const timer of timers) service.cancelTimer(timer);
}

/** The new code does not work: everything is as before. */
export function restoreWiring(
  service: Service,
  { extras, sieve, luaHandler, protocols, timers, owned }: Wiring,
): void {
  for (const timer of service.workTimers()) if (!timers.has(timer)) service.cancelTimer(timer);
  for (const close of service.extrasSoFar?.owned ?? []) {
    if (owned.has(close)) continue;
    service.extras.owned?.delete(close);
    service.close(close);
  }
  Object.assign(service.extras, extras);
  if (service.extras.sieveSoFar !== undefined) Object.assign(service.extras.sieveSoFar, sieve);
  service.luaHandler = luaHandler;
  service.protocols = protocols;
}

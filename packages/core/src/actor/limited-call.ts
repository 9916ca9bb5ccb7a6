import type { CallTarget } from '../contracts/call.ts';
import { type Duration, toMilliseconds } from '../duration.ts';
import { type Address, formatHandle } from '../handle.ts';
import { type Body, LimitedMessage, Message } from '../message.ts';
import { type Protocol, PTYPE } from '../protocol.ts';
import { mustBeSignal, onAbort } from './abort-listener.ts';
import { addressee, sendToName, shownAddress } from './addressee.ts';
import type { ContextHost } from './context-host.ts';
import { abortedFailure, cancelledFailure, failedWait, noService } from './failure.ts';
import type { Pending } from './pending.ts';
import type { Service } from './service.ts';
import { Timer } from './timer.ts';

/**
 * Makes a call with everything that calls may have: a name in place of a handle, a timeout, a signal, and what is left of the
 * time of the request that it is made for. The service must live.
 * @throws ERR_ADDRESS_INVALID, ERR_NO_SERVICE, ERR_TIMEOUT where no time is left, ERR_ABORTED where nobody waits any more.
 */
export function limitedCall(
  service: Service,
  host: ContextHost,
  to: Address | CallTarget,
  protocol: Protocol,
  body: Body,
  reader: Protocol | undefined,
): Pending {
  const { router } = host;
  const limits = typeof to === 'object' && to !== null ? to : undefined;
  const address = limits === undefined ? (to as Address) : limits.to;
  const known = addressee(host.names, address);
  const inherits = limits === undefined || (limits.inherit !== false && limits.timeout !== 0);
  const time = timeFor(service, host, limits?.timeout, inherits);
  const signal = limits?.signal;
  if (signal !== undefined) mustBeSignal(signal);
  if (inherits && service.isCancelled) throw cancelledFailure();
  if (time <= 0)
    throw failedWait('ERR_TIMEOUT', `no time is left to call ${shownAddress(address)}`, {
      details: { service: shownAddress(address) },
    });
  const session = service.sessions.next();
  const message =
    time === Number.POSITIVE_INFINITY
      ? new Message(protocol.id, session, service.handle, body)
      : new LimitedMessage(protocol.id, session, service.handle, body, host.deadlineAfter(time));
  // Calls made for a traced request belong to its trace.
  const tag = service.traceTag;
  if (tag !== undefined && known !== undefined && protocol.id !== PTYPE.DEBUG)
    router.deliver(known, new Message(PTYPE.TRACE, 0, service.handle, Buffer.from(tag)));
  const dest = known ?? sendToName(router, address, message);
  if (dest === undefined) throw noService(shownAddress(address));
  if (known !== undefined && !router.deliver(known, message)) throw noService(formatHandle(known));
  const pending = service.suspend(dest, reader, session);
  if (time !== Number.POSITIVE_INFINITY)
    pending.conditions.timer = service.startTimer(new Timer(service, pending), time);
  if (signal !== undefined) obey(service, host, signal, pending);
  if (!inherits) {
    service.extras.independent ??= new WeakSet();
    service.extras.independent.add(pending);
  }
  return pending;
}

/** Milliseconds that a call may take: its own limit, and what is left of that of the request it is made for. */
function timeFor(
  { deadline }: Service,
  host: ContextHost,
  timeout: Duration | undefined,
  inherits: boolean,
): number {
  const given = timeout === undefined ? host.callTimeout : toMilliseconds(timeout);
  const own = given === 0 ? Number.POSITIVE_INFINITY : given;
  return inherits && deadline !== 0 ? Math.min(own, host.leftUntil(deadline)) : own;
}

/** Nobody waits for the answer any more when the signal says so; who works on it is told. */
function obey(service: Service, host: ContextHost, signal: AbortSignal, pending: Pending): void {
  const abort = (): void => {
    if (pending.settled || pending.queuedToResume) return;
    service.abandon(pending, abortedFailure(signal));
    host.router.cancelRequest(pending.dest, service.handle, pending.session);
  };
  if (signal.aborted) abort();
  else pending.conditions.forget = onAbort(signal, abort);
}

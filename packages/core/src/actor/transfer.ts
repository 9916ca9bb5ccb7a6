import { formatHandle } from '../handle.ts';
import { PTYPE } from '../protocol.ts';
import { ITEM, type MailboxItem } from './mailbox.ts';
import { ActiveRequest, ANSWER } from './request.ts';
import type { Service } from './service.ts';

// What a service takes along to another thread, and what keeps it here.

/** How far a service is, for one that goes on in its place. */
export interface Progress {
  /** The session it has used last. */
  readonly session: number;
  /** Messages it has worked on. */
  readonly handled: number;
  /** Sessions of calls that it has given up and whose answers may still come. */
  readonly abandoned: readonly number[];
}

/** How far it is. */
export function progressOf(service: Service): Progress {
  const abandoned = [...(service.extrasSoFar?.abandoned ?? [])];
  return { session: service.sessions.last, handled: service.handled, abandoned };
}

/** Begins where a service of another thread has stopped. */
export function continueFrom(service: Service, { session, handled, abandoned }: Progress): void {
  service.sessions.startAfter(session);
  service.handled = handled;
  if (abandoned.length > 0) service.extras.abandoned = new Set(abandoned);
}

/** What would be lost if it ended here and now, in words; undefined if there is nothing, but for `own` request. */
export function unfinished(service: Service, own: ActiveRequest): string | undefined {
  for (const request of service.extrasSoFar?.openRequests ?? []) {
    const { source, session, type } = request;
    const isLink = type === PTYPE.DEBUG && request.state === ANSWER.DETACHED;
    if (request !== own && !isLink)
      return `a request of ${formatHandle(source)}, session ${session}, that has no answer yet`;
  }
  const asleep = new Set<object | undefined>();
  for (const { token, dest, task, session } of service.sessions.all()) {
    // It moves itself: whoever asked for that ends with this instance.
    const isOwn = dest === service.handle && own.source === dest && own.session === session;
    if (isOwn && !(task instanceof ActiveRequest)) {
      asleep.add(task);
      continue;
    }
    if (dest !== 0) return `a task that waits for an answer of ${formatHandle(dest)}`;
    if (token === undefined || task instanceof ActiveRequest) return 'a task that waits for a promise';
    asleep.add(task);
  }
  // One of its tasks is the one that moves it.
  if (service.isAwake || service.taskCount > asleep.size + 1) return 'a task that is at work';
  for (const { type } of service.mailbox)
    if (type === ITEM.TASK || type === ITEM.RESUME) return 'a task that is about to begin';
  return undefined;
}

/** What it holds that cannot change its thread, in words; undefined if there is nothing. */
export function heldHere(service: Service): string | undefined {
  for (const holds of service.extrasSoFar?.holds ?? []) {
    const what = holds();
    if (what !== undefined) return what;
  }
  return undefined;
}

/** Takes out what waits at a frozen service, oldest first, for the place where it goes on. */
export function takeHeld(service: Service): MailboxItem[] {
  const { passAnswer, sieveSoFar } = service.extrasSoFar ?? {};
  const held = sieveSoFar?.held;
  if (passAnswer !== undefined) service.keep(passAnswer);
  const items: MailboxItem[] = [];
  // Consoles and others that wait for its end wait on.
  for (const request of service.extrasSoFar?.openRequests ?? [])
    if (request.state === ANSWER.DETACHED) items.push(request.message);
  for (let item = held?.shift(); item !== undefined; item = held?.shift()) items.push(item);
  return items;
}

import { setTimeout } from 'node:timers/promises';
import { DEFAULT_PROTOCOLS } from '../actor/default-protocols.ts';
import { describe, failedWait, goneFailure, remoteFailure } from '../actor/failure.ts';
import type { Host } from '../actor/host.ts';
import { type ActiveRequest, ANSWER } from '../actor/request.ts';
import { Service, STATE } from '../actor/service.ts';
import type { ServiceStarter } from '../actor/service-starter.ts';
import { CancelTask } from '../actor/task.ts';
import { continueFrom, heldHere, progressOf, takeHeld, unfinished } from '../actor/transfer.ts';
import { isSkynetError, type SkynetError } from '../errors.ts';
import { formatHandle, type Handle, localOf } from '../handle.ts';
import { Message } from '../message.ts';
import { isRequestType, PTYPE } from '../protocol.ts';
import type { Endings } from '../route/endings.ts';
import type { NameTable } from '../route/name-table.ts';
import type { Router } from '../route/router.ts';
import type { CpuAccounts } from '../schedule/cpu-accounts.ts';
import type { Neighbours } from './neighbours.ts';
import type { RouteTable } from './route-table.ts';
import type { ThreadPlacement } from './thread-placement.ts';
import type { Control } from './wire.ts';

// How a service goes from thread A to thread B while others send to it:
//
//      A                                      B                               the others, C
//      | requests wait; what runs may end     |                               |
//      | the service is frozen                |                               |
//      | ping ------------------------------------------------------------->  | all it has sent is read
//      | take(); arrive --------------------> | loads, starts, give()         |
//      | answers for it are passed on ------> |                               |
//      | <---------------------------- done   |                               |
//      | commit, then all that waits -------> | works on it                   |
//      | the number is B's; moved ------------------------------------------> | sends to B from here on;
//      | what comes late is passed on ------> | what C sends has to wait      | <- back: all before is sent
//      | cleared ---------------------------> | what C has sent has its turn  |
//
// Whatever fails up to `done` leaves the old instance at work. From `commit` on the new one counts.

/** Milliseconds between two looks whether a service has ended what it works on. */
const LOOK = 2;
/** Milliseconds that other threads may take to say that they have read everything. */
const SILENCE = 2000;
/** Milliseconds that the start at the new place may take, if nothing is said. */
const START_LIMIT = 10_000;

type Arrive = Extract<Control, { op: 'arrive' }>;
type Commit = Extract<Control, { op: 'commit' }>;
type Moved = Extract<Control, { op: 'moved' }>;

/** What moves need of the thread. */
export interface MovesPlace {
  readonly thread: number;
  readonly threads: number;
  readonly host: Host;
  readonly router: Router<Service>;
  readonly endings: Endings;
  readonly names: NameTable;
  readonly neighbours: Neighbours;
  readonly starter: ServiceStarter;
  readonly routes: RouteTable | undefined;
  readonly accounts: CpuAccounts | undefined;
  readonly placement: ThreadPlacement | undefined;
  /** A service is gone that no thread has any more. */
  forget(handle: Handle): void;
}

/** Why a service does not move; `details.reason` says it in a word. */
function refusal(service: Service, reason: string, text: string): SkynetError {
  return failedWait('ERR_MOVE', `${service.name} ${formatHandle(service.handle)} cannot move: ${text}`, {
    details: { service: formatHandle(service.handle), reason },
  });
}

/** Services that change their thread: those that leave this one, and those that come. */
export class Moves {
  readonly #place: MovesPlace;
  /** Services of this thread that are being started in another one. */
  readonly #leaving = new Map<Handle, number>();

  constructor(place: MovesPlace) {
    this.#place = place;
  }

  /** The other thread where a service that is, or was, here goes on. */
  wentTo(handle: Handle): number | undefined {
    const { router, thread: here } = this.#place;
    const leaving = this.#leaving.get(handle);
    if (leaving !== undefined) return leaving;
    if (router.guest(handle) !== undefined) return undefined;
    const thread = router.threadOf(handle);
    return thread >= 0 && thread !== here ? thread : undefined;
  }

  /** Whether nothing that can be seen at once keeps a service here. */
  canMove(service: Service): boolean {
    const { starter } = this.#place;
    const { changing } = service.extras;
    const isThere = service.state === STATE.RUNNING && changing === undefined;
    if (!isThere || heldHere(service) !== undefined) return false;
    return starter.code.handoverOf(service) !== undefined && starter.code.originOf(service) !== undefined;
  }

  // --- a service leaves

  /** Moves a service to another thread; see `Skynet.move`. The thread there answers the request. */
  async move(service: Service, request: ActiveRequest, thread: number, patience: number): Promise<void> {
    const { handle } = service;
    const { thread: here, threads } = this.#place;
    if (!(Number.isInteger(thread) && thread >= 0 && thread < threads)) {
      const range = threads === 1 ? 'the only thread is 0' : `threads are 0 to ${threads - 1}`;
      throw failedWait('ERR_ARGUMENT', `${range}, not ${String(thread)}`);
    }
    if (!(patience >= 0)) throw failedWait('ERR_ARGUMENT', `not a patience: ${String(patience)}`);
    const objection = this.#objection(service);
    if (objection !== undefined) throw objection;
    if (thread === here) return;
    this.#leaving.set(handle, thread);
    service.extras.changing = 'move';
    try {
      await this.#settled(service, patience);
      service.hold();
      await this.#quiet(service, request, patience);
      service.freeze((answer) => this.#place.neighbours.post(thread, handle, answer, true));
      await this.#heardOut(service);
      await this.#startThere(service, thread);
      this.#commit(service, request, thread);
    } catch (thrown) {
      this.#place.neighbours.tell(thread, { op: 'dismiss', handle });
      throw thrown;
    } finally {
      this.#leaving.delete(handle);
      if (service.alive) {
        service.extras.changing = undefined;
        service.thaw();
        service.release();
      }
    }
  }

  /** What can be said at once. */
  #objection(service: Service): SkynetError | undefined {
    const { starter } = this.#place;
    const { changing } = service.extras;
    if (changing !== undefined)
      return refusal(service, 'changing', changing === 'move' ? 'it is being moved' : 'it is being reloaded');
    if (service.state !== STATE.RUNNING)
      return refusal(
        service,
        'state',
        service.state === STATE.STARTING ? 'it has not started yet' : 'it is ending',
      );
    if (starter.code.handoverOf(service) === undefined)
      return refusal(service, 'handover', 'it hands nothing over (skynet.handover)');
    if (starter.code.originOf(service) === undefined)
      return refusal(service, 'definition', 'it was started from a value of this thread, not by its name');
    return undefined;
  }

  /** Waits until everybody has heard where it is now, if it has just come. */
  async #settled(service: Service, patience: number): Promise<void> {
    const guest = this.#place.router.guest(service.handle);
    for (
      const end = performance.now() + patience;
      guest !== undefined && !guest.isSettled;
      await setTimeout(LOOK)
    ) {
      if (performance.now() < end) continue;
      throw refusal(service, 'thread', 'it has just come from another thread, and one does not answer');
    }
  }

  /** Waits until nothing is being worked on. @throws ERR_MOVE, ERR_SERVICE_GONE. */
  async #quiet(service: Service, request: ActiveRequest, patience: number): Promise<void> {
    for (const end = performance.now() + patience; ; await setTimeout(LOOK)) {
      if (!service.alive) throw goneFailure(service.handle);
      const left = unfinished(service, request);
      if (left === undefined) return;
      if (performance.now() < end) continue;
      const held = heldHere(service);
      if (held === undefined) throw refusal(service, 'busy', `there is ${left}`);
      throw refusal(service, 'sockets', `there is ${held}, and ${left}`);
    }
  }

  /** Resolves when the others have read what the service has sent them: what it sends from its new place comes later. */
  async #heardOut(service: Service): Promise<void> {
    const { neighbours } = this.#place;
    await Promise.all(
      neighbours.threads.map((thread) =>
        neighbours
          .ask(thread, (id) => ({ op: 'ping', id }), { timeout: SILENCE })
          .catch((error) => {
            if (isSkynetError(error, 'ERR_TIMEOUT'))
              throw refusal(service, 'thread', `thread ${thread} does not answer`);
          }),
      ),
    );
    this.#mustLive(service);
  }

  async #startThere(service: Service, thread: number): Promise<void> {
    const { starter, neighbours, placement } = this.#place;
    const { handle, kind, name, args } = service;
    const origin = starter.code.originOf(service);
    if (origin === undefined) throw goneFailure(handle);
    const state = starter.code.takeState(service);
    await neighbours.ask(
      thread,
      (id) => ({
        op: 'arrive',
        id,
        handle,
        kind,
        name,
        shown: [...args],
        ...origin,
        mailbox: service.mailboxLimit,
        isPinned: placement?.isPinned(service) ?? false,
        progress: progressOf(service),
        state,
      }),
      { timeout: START_LIMIT },
    );
    this.#mustLive(service);
    const held = heldHere(service);
    if (held !== undefined) throw refusal(service, 'sockets', `it still has ${held}`);
  }

  #mustLive(service: Service): void {
    if (!service.alive) throw goneFailure(service.handle);
    if (this.#place.starter.isStopping) throw failedWait('ERR_NODE_STOPPED', 'the node is stopping');
  }

  /** From here on the instance in the other thread is the service. All of this is one step. */
  #commit(service: Service, request: ActiveRequest, thread: number): void {
    const { router, endings, names, neighbours, accounts } = this.#place;
    const { handle } = service;
    request.state = ANSWER.DONE;
    const { source, session } = request.message;
    router.leave(handle, thread);
    neighbours.tell(thread, {
      op: 'commit',
      handle,
      threads: endings.depart(handle, thread),
      names: names.disown(handle),
      source,
      session,
    });
    for (const item of takeHeld(service)) {
      if (item instanceof CancelTask) {
        neighbours.tell(thread, { op: 'cancel', to: handle, source: item.source, session: item.session });
      } else if (item.type >= 0) this.#passOn(thread, handle, item as Message);
    }
    accounts?.close(handle);
    service.log(`MOVE ${service.title} to thread ${thread}`);
    service.vanish();
    this.#tellOthers(handle, thread);
  }

  #passOn(thread: number, handle: Handle, message: Message): void {
    try {
      this.#place.neighbours.post(thread, handle, message, true);
    } catch (thrown) {
      // It was for this thread only.
      const { session, type, source } = message;
      if (session === 0 || !isRequestType(type))
        this.#place.host.log(handle, `a message of ${formatHandle(source)} was lost: ${describe(thrown)}`);
      else
        this.#place.router.deliver(
          source,
          new Message(PTYPE.ERROR, session, handle, remoteFailure(thrown, handle)),
        );
    }
  }

  /** Has the others send to the new place; what each had sent here is passed on before the new place hears of it. */
  #tellOthers(handle: Handle, thread: number): void {
    const { neighbours, thread: here, threads, routes } = this.#place;
    for (let other = 0; other < threads; other++) {
      if (other === here) continue;
      const cleared = (): void => neighbours.tell(thread, { op: 'cleared', handle, thread: other });
      neighbours
        .ask(other, (id) => ({ op: 'moved', id, handle, thread }))
        .then(cleared, () => {
          cleared();
          // The new place was lost, and has not told anybody of a service that it did not have yet.
          if (other === thread && routes?.threadOf(localOf(handle)) === thread) {
            routes.release(localOf(handle));
            this.#lost(handle);
          }
        });
    }
  }

  // --- a service comes

  /** Starts a service that is still at work in another thread. */
  async arrive(order: Arrive, from: number): Promise<void> {
    const { router, starter, host, accounts, threads, placement } = this.#place;
    const { handle, kind, name, shown, mailbox, isPinned, progress } = order;
    router.guest(handle)?.service.vanish();
    const service = new Service(host, handle, localOf(handle), kind, name, shown, DEFAULT_PROTOCOLS, mailbox);
    continueFrom(service, progress);
    accounts?.open(handle);
    placement?.pin(service, isPinned);
    const others = Array.from({ length: threads }, (_, thread) => thread).filter((thread) => thread !== from);
    const guest = router.expect(service, from, others);
    try {
      await starter.code.resume(service, order);
      if (!service.alive)
        throw failedWait('ERR_SERVICE_EXITED', `${name} ended itself while it started in another thread`);
    } catch (thrown) {
      if (router.guest(handle) === guest) this.dismiss(handle);
      throw thrown;
    }
  }

  /** It does not come after all. */
  dismiss(handle: Handle): void {
    const { router, accounts, names } = this.#place;
    const guest = router.guest(handle);
    if (guest === undefined || guest.hasArrived) return;
    router.dismiss(handle);
    accounts?.close(handle);
    // Those that it has given itself here.
    names.dropLocal(handle);
    guest.service.vanish();
  }

  /** It is this instance that counts from now on. Whoever had it moved is told. */
  committed({ handle, threads, names, source, session }: Commit): void {
    const { router, endings } = this.#place;
    const guest = router.guest(handle);
    // This thread has taken the place of the one that it was started in; who sent it hears that from `moved`.
    if (guest === undefined || guest.hasArrived) return;
    guest.hasArrived = true;
    endings.arrive(handle, threads);
    this.#place.names.adopt(handle, names);
    if (!guest.service.alive) {
      // It has ended itself since it said that it is ready.
      this.#place.host.ended(handle, 'exited');
      this.#place.host.released(handle);
      router.refuse(handle, new Message(PTYPE.DEBUG, session, source, []));
      return;
    }
    if (session !== 0 && source !== handle)
      router.deliver(source, new Message(PTYPE.RESPONSE, session, handle, []));
    if (guest.isDoomed) guest.service.kill();
  }

  /** A service goes on in another thread, perhaps in this one. */
  async moved({ handle, thread }: Moved): Promise<void> {
    const { router, endings, thread: here } = this.#place;
    if (thread === here && router.threadOf(handle) === here && router.find(handle) === undefined)
      throw goneFailure(handle);
    if (thread !== here) endings.moved(handle, thread);
  }

  // --- threads that are lost

  /** A thread is lost: with it goes what was on its way from there, as far as that is not all here. */
  threadLost(thread: number): void {
    const { router, routes } = this.#place;
    for (const guest of router.guests(thread)) {
      if (guest.isSettled) continue;
      const { service } = guest;
      if (guest.hasArrived || routes?.threadOf(service.local) === this.#place.thread) {
        guest.hasArrived = true;
        service.end('thread-lost');
        this.#lost(service.handle);
      } else this.dismiss(service.handle);
    }
  }

  #lost(handle: Handle): void {
    this.#place.neighbours.tellAll({ op: 'service-lost', handle });
    this.#place.forget(handle);
  }

  /** The node stops: what has not come by now does not come. */
  stop(): void {
    for (const { hasArrived, service } of this.#place.router.guests())
      if (!hasArrived) this.dismiss(service.handle);
    for (const handle of this.#leaving.keys()) this.#place.router.find(handle)?.thaw();
  }
}

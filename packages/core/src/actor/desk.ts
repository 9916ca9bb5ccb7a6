import { Agenda } from './agenda.ts';
import { Mailbox } from './mailbox.ts';

/** Mailbox length of the first overload warning; the next comes at twice the length then. */
export const OVERLOAD = 1024;

/** Desks that go round: as many services as that are seldom at work at the same time. A power of two. */
const KEPT = 256;
/** Desks that are looked at for one that is not used. */
const TRIES = 4;

/** Who has a desk. */
export interface DeskHolder {
  /** Whether it has nothing to do, and can do without. */
  readonly isIdle: boolean;
  leaveDesk(): void;
}

/**
 * What a service needs while it has something to do. Of a million services few have at a time, so there are few desks; they
 * go from one to the next and stay in the processor's caches. A service that has waited for long has to be fetched from
 * memory for what is written into it, and once more by the garbage collector, which is to hear of all that is younger than
 * whoever refers to it.
 */
export class Desk {
  readonly mailbox: Mailbox;
  /** The task that runs, or ran last: a fork, a request, a timer. */
  current: object | undefined = undefined;
  readonly agenda: Agenda = new Agenda();
  /** Mailbox length of the next overload warning. */
  overload: number = OVERLOAD;
  /** Whether its holder has it until another one needs it; if not, until there is nothing on it. */
  stays: boolean;
  /** Among those that go round; -1 for one that does not. */
  readonly place: number;
  holder: DeskHolder | undefined = undefined;

  constructor(stays: boolean, place = -1, mailbox: Mailbox = new Mailbox()) {
    this.mailbox = mailbox;
    this.stays = stays;
    this.place = place;
  }

  /** Whether nothing waits on it. */
  get isClear(): boolean {
    return this.mailbox.length === 0 && this.agenda.length === 0;
  }
}

const kept: Desk[] = [];
let hand = 0;

/** A desk with nothing on it. */
export function takeDesk(holder: DeskHolder): Desk {
  for (let tries = 0; tries < TRIES; tries++) {
    hand = (hand + 1) & (KEPT - 1);
    const desk = kept.length < KEPT ? newDesk() : (kept[hand] as Desk);
    if (desk.holder !== undefined) {
      if (!desk.holder.isIdle) continue;
      desk.holder.leaveDesk();
    }
    desk.holder = holder;
    desk.overload = OVERLOAD;
    return desk;
  }
  return new Desk(false);
}

function newDesk(): Desk {
  const desk = new Desk(true, kept.length);
  kept.push(desk);
  return desk;
}

/** Its holder is no more. One that is at work has it to the end of that. */
export function giveUpDesk(desk: Desk, holder: DeskHolder): void {
  if (holder.isIdle) {
    desk.holder = undefined;
    holder.leaveDesk();
    return;
  }
  desk.stays = false;
  const { place } = desk;
  if (place >= 0) kept[place] = new Desk(true, place);
}

/** Stands for the mailbox of who has nothing to do. Nothing is ever put in. */
export const NO_MAIL: Mailbox = new Mailbox();

import { callRate } from './calls.ts';
import { type Measure, PLAYER } from './case.ts';
import { BATCH } from './flood.ts';

// The least that actors with mailboxes need, by hand: what stands between a call and an event emitter. A message has a type,
// a session, a source and a list of values of its own; an actor has one turn after another, finds its command by name, and
// has its next message when all that it has resumed waits again; an answer is found by its session and settles the promise
// that is awaited. There are no ends, errors, limits, names, protocols, statistics, timers, other threads, or fairness.

const REQUEST = 0;
const ANSWER = 1;
/** Messages that an actor works off before others have their turn, as ours do. */
const TURN = 32;

type Command = (value: unknown) => unknown;
type Resolve = (value: unknown) => void;

let resolveNext!: Resolve;
const keepResolve = (resolve: Resolve): void => {
  resolveNext = resolve;
};

class Mail {
  readonly type: number;
  readonly session: number;
  readonly source: number;
  readonly values: readonly unknown[];
  next: Mail | undefined = undefined;

  constructor(type: number, session: number, source: number, values: readonly unknown[]) {
    this.type = type;
    this.session = session;
    this.source = source;
    this.values = values;
  }
}

class Actor {
  readonly number: number;
  readonly #commands: ReadonlyMap<unknown, Command>;
  #asked: unknown;
  #found!: Command;
  head: Mail | undefined = undefined;
  tail: Mail | undefined = undefined;
  isReady = false;
  nextReady: Actor | undefined = undefined;
  #last = 0;
  // A table only for whoever waits for a second answer.
  #session = 0;
  #resolve: Resolve | undefined = undefined;
  readonly #waiting = new Map<number, Resolve>();

  constructor(number: number, commands: Readonly<Record<string, Command>>) {
    this.number = number;
    this.#commands = new Map(Object.entries(commands));
  }

  newSession(): number {
    return ++this.#last;
  }

  /** Who waits for what was asked last. */
  wait(session: number, resolve: Resolve): void {
    if (this.#resolve !== undefined) {
      this.#waiting.set(session, resolve);
      return;
    }
    this.#session = session;
    this.#resolve = resolve;
  }

  resume({ session, values }: Mail): void {
    let resolve = this.#resolve;
    if (session === this.#session) this.#resolve = undefined;
    else {
      resolve = this.#waiting.get(session);
      this.#waiting.delete(session);
    }
    resolve?.(values[0]);
  }

  command(name: unknown): Command {
    if (name !== this.#asked) {
      this.#asked = name;
      this.#found = this.#commands.get(name) as Command;
    }
    return this.#found;
  }
}

const settle = Reflect.get(process, '_tickCallback').bind(process) as () => void;

/** Some actors, and the list of those that have something to do. */
class BareActors {
  readonly #actors: Actor[] = [];
  readonly #copy: (value: unknown) => unknown;
  #first: Actor | undefined;
  #last: Actor | undefined;
  #isRunning = false;
  readonly #run = (): void => {
    for (let actor = this.#first; actor !== undefined; actor = this.#first) {
      this.#first = actor.nextReady;
      if (this.#first === undefined) this.#last = undefined;
      actor.nextReady = undefined;
      if (this.#giveTurn(actor)) this.#append(actor);
      else actor.isReady = false;
    }
    this.#isRunning = false;
  };

  /** `copy` makes values the receiver's own. */
  constructor(copy: (value: unknown) => unknown) {
    this.#copy = copy;
  }

  start(commands: Readonly<Record<string, Command>> = {}): Actor {
    const actor = new Actor(this.#actors.length, commands);
    this.#actors.push(actor);
    return actor;
  }

  send(from: Actor, to: number, name: string, value: unknown): void {
    this.#push(to, new Mail(REQUEST, 0, from.number, [name, this.#copy(value)]));
  }

  call(from: Actor, to: number, name: string, value: unknown): Promise<unknown> {
    const session = from.newSession();
    this.#push(to, new Mail(REQUEST, session, from.number, [name, this.#copy(value)]));
    const promise = new Promise(keepResolve);
    from.wait(session, resolveNext);
    return promise;
  }

  #push(to: number, mail: Mail): void {
    const actor = this.#actors[to] as Actor;
    if (actor.tail === undefined) actor.head = mail;
    else actor.tail.next = mail;
    actor.tail = mail;
    if (actor.isReady) return;
    actor.isReady = true;
    this.#append(actor);
    if (this.#isRunning) return;
    this.#isRunning = true;
    process.nextTick(this.#run);
  }

  #append(actor: Actor): void {
    if (this.#last === undefined) this.#first = actor;
    else this.#last.nextReady = actor;
    this.#last = actor;
  }

  /** Whether something is left. */
  #giveTurn(actor: Actor): boolean {
    for (let left = TURN; left > 0; left--) {
      const mail = actor.head;
      if (mail === undefined) return false;
      actor.head = mail.next;
      if (actor.head === undefined) actor.tail = undefined;
      else mail.next = undefined;
      if (mail.type === ANSWER) {
        actor.resume(mail);
        settle();
      } else this.#handle(actor, mail);
    }
    return true;
  }

  #handle(actor: Actor, mail: Mail): void {
    const { values } = mail;
    const result = actor.command(values[0])(values[1]);
    if (result instanceof Promise) {
      void result.then((value: unknown) => this.#answer(actor, mail, value));
      settle();
    } else this.#answer(actor, mail, result);
  }

  #answer(actor: Actor, { session, source }: Mail, value: unknown): void {
    if (session !== 0) this.#push(source, new Mail(ANSWER, session, actor.number, [this.#copy(value)]));
  }
}

const copyNumber = (value: unknown): unknown => {
  if (typeof value === 'object' && value !== null) throw new Error('not a plain value');
  return value;
};

type Player = typeof PLAYER & { pos: { x: number; y: number; z: number }; tags: string[] };

/** Knows what it copies: one literal, no look at what there is. */
const copyPlayer = (value: unknown): unknown => {
  const { id, name, pos, tags, hp } = value as Player;
  return { id, name, pos: { x: pos.x, y: pos.y, z: pos.z }, tags: tags.slice(), hp };
};

/** Calls among bare actors; with `flight`, so many at a time. An object is the usual payload, copied both ways. */
export function bareCalls(value: unknown, flight = 1): Measure {
  return async (effort) => {
    const actors = new BareActors(value === PLAYER ? copyPlayer : copyNumber);
    const caller = actors.start();
    const echo = actors.start({ echo: (sent) => sent }).number;
    return [await callRate(effort, () => actors.call(caller, echo, 'echo', value), flight, 2000)];
  };
}

/** Sends among bare actors, with a call after each batch. */
export const bareFlood: Measure = async (effort) => {
  const actors = new BareActors(copyNumber);
  const caller = actors.start();
  let sum = 0;
  const sink = actors.start({
    add: (value) => {
      sum += value as number;
    },
    sum: () => sum,
  }).number;
  const rate = await effort.rate(async (count) => {
    for (let i = 0; i < count; i++) actors.send(caller, sink, 'add', i);
    await actors.call(caller, sink, 'sum', undefined);
  }, BATCH);
  if (sum === 0) throw new Error('nothing arrived');
  return [rate];
};

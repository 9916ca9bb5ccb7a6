import { copyArgs } from '../codec/copy.ts';
import { markTold, toldOf } from '../codec/error.ts';
import type { EndReason, GoneEvent } from '../contracts/ending.ts';
import type { Answered } from '../contracts/kernel.ts';
import type { CommandTable, Dispatcher } from '../contracts/request.ts';
import type { ServiceStat } from '../contracts/skynet.ts';
import { isSkynetError, type SkynetError } from '../errors.ts';
import { formatHandle, formatShort, type Handle, harborOf } from '../handle.ts';
import type { MailboxLimit } from '../mailbox-limit.ts';
import { type Body, Message } from '../message.ts';
import { isRequestType, type Protocol, PTYPE } from '../protocol.ts';
import { type Runnable, TURN, type TurnResult } from '../schedule/scheduler.ts';
import { failAtCaller } from '../stack.ts';
import { firstOf, sizeOf, textOf, valuesOf } from './body.ts';
import { BoundedMailbox } from './bounded-mailbox.ts';
import {
  type Command,
  type CommandHolder,
  type CommandNames,
  heldCommand,
  heldCommands,
  holdCommands,
} from './commands.ts';
import { LUA_PROTOCOL } from './default-protocols.ts';
import { Desk, type DeskHolder, giveUpDesk, NO_MAIL, OVERLOAD, takeDesk } from './desk.ts';
import { Extras } from './extras.ts';
import {
  cancelledFailure,
  describe,
  failedWait,
  goneFailure,
  overloadedFailure,
  remoteFailure,
} from './failure.ts';
import { filtered } from './filters.ts';
import type { Host } from './host.ts';
import type { Started } from './launch.ts';
import { ITEM, Mailbox, type MailboxItem } from './mailbox.ts';
import { OpenRequests } from './open-requests.ts';
import { warnOutsideTurn } from './outside-turn.ts';
import { Pending } from './pending.ts';
import { isPromise, whenSettled } from './promises.ts';
import { callHandler, type Handler, makeHandler, type ProtocolTable } from './protocol-table.ts';
import { Refusals } from './refusals.ts';
import { ActiveRequest, ANSWER, type Answerer } from './request.ts';
import { SessionTable } from './session-table.ts';
import type { Sieve } from './sieve.ts';
import { CancelTask, type ExitSignal, isExit, unknownTask, type WorkTask } from './task.ts';
import type { Timer, TimerOwner } from './timer.ts';
import { TraceTags } from './trace-tags.ts';
import { Watch, type WatchOwner } from './watch.ts';

/** Late answers to given-up calls that are dropped without a log line: so many sessions are remembered. */
const MAX_ABANDONED = 1024;

/** What became of a service. */
export const STATE = { STARTING: 0, RUNNING: 1, ENDING: 2, ENDED: 3 } as const;

type AnyWork = (...args: unknown[]) => unknown;

/** What a protocol-less answer to `debug` messages needs; set by the built-in services. */
export type DebugCommands = (service: Service, request: ActiveRequest, values: unknown[]) => unknown;

/**
 * One instance of a service: mailbox, tasks, sessions, handlers. It does one thing at a time: a turn takes one item,
 * runs its task until that suspends, then woken tasks, then forks, and only then the next item.
 */
export class Service implements Runnable, TimerOwner, WatchOwner, Answerer, CommandHolder, DeskHolder {
  // First what each call to a service needs: of one that has waited for long it has to be fetched from memory, 64 bytes at a
  // time.
  readonly local: number;
  readonly handle: Handle;
  queued = false;
  #unsettled = false;
  /** Undefined while it has nothing to do. */
  #desk: Desk | undefined = undefined;
  #extras: Extras | undefined = undefined;
  handled = 0;
  readonly host: Host;
  // What takes `lua` messages, which nearly every service has: apart from the handlers of other types.
  #luaGiven: Dispatcher | CommandTable | undefined = undefined;
  /** Undefined where a function takes them all. */
  commandNames: CommandNames | undefined = undefined;
  command0: Command | undefined = undefined;
  command1: Command | undefined = undefined;
  command2: Command | undefined = undefined;
  command3: Command | undefined = undefined;
  moreCommands: readonly Command[] | undefined = undefined;
  readonly sessions: SessionTable = new SessionTable();
  protocols: ProtocolTable;
  state: number = STATE.STARTING;
  #tasks = 0;
  #timers: Timer | undefined = undefined;
  /** Who is told when the start function has returned. */
  onStarted: Started | undefined = undefined;
  /** Name it was started under. */
  readonly name: string;
  /** Word in front of the name, such as `snlua `. */
  readonly kind: string;
  /** What its start function was given. */
  readonly args: readonly string[];

  constructor(
    host: Host,
    handle: Handle,
    local: number,
    kind: string,
    name: string,
    args: readonly string[],
    protocols: ProtocolTable,
    limit?: MailboxLimit,
  ) {
    if (limit !== undefined)
      this.#desk = new Desk(true, -1, new BoundedMailbox(limit, (message) => this.#overloaded(message)));
    this.host = host;
    this.handle = handle;
    this.local = local;
    this.name = name;
    this.kind = kind;
    this.args = args;
    this.protocols = protocols;
  }

  /** `snlua name args`, as lists and log lines show it. */
  get title(): string {
    const { kind, name, args } = this;
    return args.length === 0 ? kind + name : `${kind}${name} ${args.join(' ')}`;
  }

  get mailbox(): Mailbox {
    return this.#desk?.mailbox ?? NO_MAIL;
  }

  /** The task that runs, or ran last: a fork, a request, a timer. */
  get current(): object | undefined {
    return this.#desk?.current;
  }

  set current(task: object | undefined) {
    if (this.#desk !== undefined) this.#desk.current = task;
    else if (task !== undefined) this.#sitDown().current = task;
  }

  #sitDown(): Desk {
    const desk = takeDesk(this);
    this.#desk = desk;
    return desk;
  }

  /** Whether it has nothing to do and nothing of it runs. */
  get isIdle(): boolean {
    return !this.queued && !this.#unsettled && this.#desk?.current === undefined;
  }

  leaveDesk(): void {
    this.#desk = undefined;
  }

  /** Bounds of its mailbox, if it has any. */
  get mailboxLimit(): MailboxLimit | undefined {
    const { mailbox } = this;
    return mailbox instanceof BoundedMailbox ? mailbox.limit : undefined;
  }

  get alive(): boolean {
    return this.state !== STATE.ENDED;
  }

  get extras(): Extras {
    this.#extras ??= new Extras();
    return this.#extras;
  }

  /** Undefined as long as nobody has needed any. */
  get extrasSoFar(): Extras | undefined {
    return this.#extras;
  }

  /** Tasks that have begun and not ended. */
  get taskCount(): number {
    return this.#tasks;
  }

  /** Tasks that were woken and have not gone on yet. */
  get woken(): Iterable<Pending> {
    return this.#desk?.agenda.woken ?? [];
  }

  /** Whether a task is about to begin or go on. */
  get isAwake(): boolean {
    return this.#desk !== undefined && this.#desk.agenda.length > 0;
  }

  // --- turns ------------------------------------------------------------------------------------------------------

  /** Puts something in the mailbox. Whether it got in; a request that did not is answered with an error. */
  push(item: MailboxItem): boolean {
    const isIn = (this.#desk ?? this.#sitDown()).mailbox.push(item);
    this.host.ready(this);
    return isIn;
  }

  turn(limit: number): TurnResult {
    if (this.#unsettled) {
      if (this.#extras?.passAnswer === undefined) return TURN.BUSY;
      this.keep(this.#extras.passAnswer);
      return TURN.IDLE;
    }
    const desk = this.#desk ?? this.#sitDown();
    for (let done = 0; done < limit; done++) {
      if (desk.agenda.length > 0) this.#takeTask(desk, done === 0);
      else {
        const item = desk.mailbox.shift();
        if (item === undefined) {
          desk.overload = OVERLOAD;
          if (!desk.stays) this.#desk = undefined;
          return TURN.IDLE;
        }
        this.#take(item, desk);
      }
      if (this.#unsettled) return desk.isClear ? TURN.SETTLING : TURN.BUSY;
      desk.current = undefined;
    }
    return TURN.MORE;
  }

  /** A woken task goes on, or the next fork begins. */
  #takeTask(desk: Desk, isFirst: boolean): void {
    const task = desk.agenda.shift();
    if (task === undefined) return;
    if (isFirst) this.host.working(this.handle, 0, task.type);
    if (task instanceof Pending) this.#resume(task, desk);
    else this.run(task);
  }

  /** The item at hand is lost, the others are not. */
  turnFailed(thrown: unknown): void {
    this.current = undefined;
    this.log(`turn failed: ${describe(thrown)}`);
  }

  #take(item: MailboxItem, desk: Desk): void {
    if (desk.mailbox.length >= desk.overload) this.#warnOverload(desk);
    const { type } = item;
    if (type < 0) {
      this.#takeOther(item, desk);
      return;
    }
    this.host.working(this.handle, (item as Message).source, type);
    this.handled++;
    const sieve = this.#extras?.sieveSoFar;
    if (sieve !== undefined) this.#sift(item as Message, sieve, desk);
    else if (type === PTYPE.RESPONSE) this.#takeAnswer(item as Message, desk);
    else this.#handle(item as Message, type, desk);
  }

  // What seldom comes stands apart from here on: V8 puts so much code into one piece and no more, and what no message needs
  // would take the room.
  #takeOther(item: MailboxItem, desk: Desk): void {
    this.host.working(this.handle, 0, item.type);
    if (item.type === ITEM.TIMER) this.#takeTimer(item as Timer, desk);
    else if (item.type === ITEM.TASK) this.run(item as WorkTask);
    else this.#resume(item as Pending, desk);
  }

  #warnOverload(desk: Desk): void {
    const { length } = desk.mailbox;
    while (desk.overload <= length) desk.overload *= 2;
    this.log(`May overload, message queue length = ${length}`);
  }

  /** There was no room for a message. */
  #overloaded(message: Message): void {
    const { type, session, source } = message;
    const { limit, policy } = (this.mailbox as BoundedMailbox).limit;
    const { extras } = this;
    extras.refusals ??= new Refusals();
    const count = extras.refusals.add(this.host.clock());
    if (count !== undefined) {
      const name = this.protocols.numbered(type)?.name ?? String(type);
      this.log(
        `Overloaded, ${count} ${count === 1 ? 'message' : 'messages'} refused (mailbox ${limit}, ${policy}), the last of type ${name} from ${formatHandle(source)}`,
      );
    }
    if (session !== 0) this.#refuse(message, overloadedFailure(this.handle));
  }

  #handle(message: Message, type: number, desk: Desk): void {
    if (type === PTYPE.ERROR) this.#takeFailure(message, desk);
    else this.#dispatch(message, type, desk);
  }

  #sift(message: Message, { filters, forward, held, traces }: Sieve, desk: Desk): void {
    let received = message;
    if (held !== undefined && this.#isHeldBack(message.type)) {
      held.push(message);
      return;
    }
    if (filters !== undefined) {
      try {
        const rewritten = filtered(message, filters);
        if (rewritten === undefined) return;
        received = rewritten;
      } catch (thrown) {
        this.logFailure(message, thrown);
        if (message.session !== 0) this.#refuse(message, remoteFailure(thrown, this.handle));
        return;
      }
    }
    if (traces !== undefined && received.type !== PTYPE.TRACE && isRequestType(received.type))
      traces.take(received);
    const type = forward?.[received.type] ?? received.type;
    if (type === PTYPE.RESPONSE) this.#takeAnswer(received, desk);
    else this.#handle(received, type, desk);
  }

  #takeAnswer(message: Message, desk: Desk): void {
    const pending = this.sessions.take(message.session);
    if (pending === undefined || pending.dest === 0) {
      this.#takeUnknownAnswer(message, pending, false);
      return;
    }
    const { body } = message;
    if (pending.protocol === LUA_PROTOCOL && Array.isArray(body)) pending.decide(body[0], false);
    else this.#readAnswer(pending, body as Body);
    if (!pending.settled) this.#goOn(pending, desk);
  }

  #readAnswer(pending: Pending, body: Body): void {
    const { protocol } = pending;
    try {
      pending.decide(protocol === undefined ? body : firstOf(protocol, body), false);
    } catch (thrown) {
      pending.decide(thrown, true);
    }
  }

  #takeFailure(message: Message, desk: Desk): void {
    const pending = this.sessions.take(message.session);
    // What another node sends back because whoever we have answered is gone carries the session of its call.
    if (
      pending === undefined ||
      pending.dest === 0 ||
      (this.#isRemote(message.source) && !this.#isRemote(pending.dest))
    ) {
      this.#takeUnknownAnswer(message, pending, true);
      return;
    }
    pending.decide(message.body, true);
    if (!pending.settled) this.#goOn(pending, desk);
  }

  /** Nobody waits for it, or not any more; `other` waits for something else under the same session, and goes on with that. */
  #takeUnknownAnswer(message: Message, other: Pending | undefined, failed: boolean): void {
    if (other !== undefined) this.sessions.add(other);
    if (this.#extras?.abandoned?.delete(message.session)) return;
    const hook = this.#extras?.unknownResponse;
    if (hook !== undefined) {
      try {
        hook(message.session, message.source, message.body as Body);
      } catch (thrown) {
        this.logFailure(message, thrown);
      }
    } else if (!failed) {
      this.log(`Response message : ${textOf(message.body)}`);
      this.log(`Unknown session : ${message.session} from ${formatHandle(message.source)}`);
    }
  }

  /** Whether a handle is of another node. */
  #isRemote(handle: Handle): boolean {
    const harbor = harborOf(handle);
    return harbor !== 0 && harbor !== harborOf(this.handle);
  }

  /** Lets a suspended task go on. */
  #resume(pending: Pending, desk: Desk): void {
    if (pending.settled) return;
    this.sessions.take(pending.session);
    this.#goOn(pending, desk);
  }

  /** Its session is free again. */
  #goOn(pending: Pending, desk: Desk): void {
    pending.markSettled();
    if (pending.hasConditions) this.#endConditions(pending);
    if (pending.promise === undefined) {
      this.#giveAnswer(pending, pending.answered as Answered, desk);
      return;
    }
    desk.current = pending.task;
    this.#unsettled = true;
    this.host.resuming(this.handle);
    if (pending.failed) this.#fail(pending);
    else pending.resolve(pending.outcome);
  }

  #fail({ outcome, resolve }: Pending): void {
    resolve(isExit(outcome) ? Promise.reject(outcome) : failAtCaller(outcome));
  }

  #endConditions(pending: Pending): void {
    const { timer, token } = pending.conditions;
    timer?.cancel();
    pending.forget();
    if (token !== undefined) this.forgetToken(pending);
  }

  #giveAnswer(pending: Pending, answered: Answered, desk: Desk): void {
    const { outcome, failed, about } = pending;
    if (failed && isExit(outcome)) return;
    desk.current = pending;
    const error = failed ? (outcome as SkynetError) : undefined;
    const body = failed ? undefined : (outcome as Body);
    try {
      const result = answered(error, body, about as object);
      if (isPromise(result)) this.#follow(result, undefined);
    } catch (thrown) {
      this.taskFailed(thrown);
    }
  }

  /** By now its token may be somebody else's. */
  forgetToken(pending: Pending): void {
    const waiting = this.#extras?.waiting;
    if (waiting?.get(pending.token) === pending) waiting.delete(pending.token);
  }

  #takeTimer(timer: Timer, desk: Desk): void {
    if (timer.cancelled) return;
    const { target } = timer;
    if (typeof target !== 'function') {
      const pending = target;
      if (pending.dest !== 0 && !pending.settled) {
        this.giveUp(
          pending,
          failedWait('ERR_TIMEOUT', `no answer from ${formatHandle(pending.dest)} in time`, {
            details: { service: formatHandle(pending.dest), session: pending.session },
          }),
        );
      }
      this.#resume(pending, desk);
      return;
    }
    this.current = timer;
    const rearm = timer.period === 0 ? undefined : () => this.#rearm(timer);
    this.#perform(target as AnyWork, timer.args, rearm);
  }

  #rearm(timer: Timer): void {
    if (!timer.cancelled && this.alive) this.#enlist(timer, timer.period);
  }

  // --- requests ---------------------------------------------------------------------------------------------------

  #handlerOf(type: number): Handler | undefined {
    return type === PTYPE.LUA ? this.luaHandler : this.#extras?.handlers?.get(type);
  }

  /** What takes `lua` messages. */
  get luaHandler(): Handler | undefined {
    const given = this.#luaGiven;
    if (given === undefined) return undefined;
    const commands = heldCommands(this);
    return { given, call: commands === undefined ? (given as Dispatcher) : undefined, commands };
  }

  set luaHandler(handler: Handler | undefined) {
    this.#luaGiven = handler?.given;
    holdCommands(this, handler?.commands);
  }

  #dispatch(message: Message, type: number, desk: Desk): void {
    const request = new ActiveRequest(this, message);
    desk.current = request;
    try {
      if (type !== PTYPE.LUA || this.#luaGiven === undefined) {
        this.#dispatchOther(request, type);
        return;
      }
      const { body } = message;
      const values = Array.isArray(body) ? (body as unknown[]) : this.#valuesOf(request, type);
      this.#conclude(
        request,
        this.commandNames === undefined
          ? callHandler(this.#luaGiven as Dispatcher, request, values)
          : this.#command(heldCommand(this, values[0]), request, values),
      );
    } catch (thrown) {
      this.#crash(request, thrown);
    }
  }

  #dispatchOther(request: ActiveRequest, type: number): void {
    const handler = this.#handlerOf(type);
    if (handler === undefined) {
      if (type === PTYPE.DEBUG)
        this.#conclude(request, debugCommands(this, request, this.#valuesOf(request, type)));
      else this.#unknownRequest(request);
      return;
    }
    const { call, commands } = handler;
    const { body } = request;
    const values =
      type === PTYPE.SNAX && Array.isArray(body) ? (body as unknown[]) : this.#valuesOf(request, type);
    this.#conclude(
      request,
      call === undefined
        ? this.#command(commands?.get(values[0]), request, values)
        : callHandler(call, request, values),
    );
  }

  #valuesOf({ body }: ActiveRequest, type: number): unknown[] {
    return valuesOf(this.protocols.numbered(type), body);
  }

  #command(command: Command | undefined, request: ActiveRequest, values: unknown[]): unknown {
    if (command === undefined) return this.#refuseCommand(request, textOf(values[0]));
    switch (values.length) {
      case 1:
        return command.call(request);
      case 2:
        return command.call(request, values[1] as never);
      case 3:
        return command.call(request, values[1] as never, values[2] as never);
      default:
        return command.apply(request, values.slice(1) as never[]);
    }
  }

  #refuseCommand(request: ActiveRequest, command: string): void {
    this.log(`Unknown command ${command} from ${formatHandle(request.source)}`);
    request.state = ANSWER.DONE;
    if (request.session === 0) return;
    const failure = failedWait('ERR_UNKNOWN_COMMAND', `Unknown command ${command}`, { details: { command } });
    markTold(failure, 'logged');
    this.answerError(request, failure);
  }

  /** Answers with what the handler returned, now or when its promise settles. */
  #conclude(request: ActiveRequest, result: unknown): void {
    if (isPromise(result)) this.#concludeLater(request, result);
    else if (request.message.session !== 0) this.#finish(request, result);
  }

  #concludeLater(request: ActiveRequest, result: Promise<unknown>): void {
    this.#unsettled = true;
    void whenSettled(
      result,
      (value) => {
        this.#tasks--;
        try {
          this.#finish(request, value);
        } catch (thrown) {
          this.#crash(request, thrown);
        }
      },
      (thrown) => {
        this.#tasks--;
        this.#crash(request, thrown);
      },
    );
    this.#tasks++;
    if (request.session !== 0) this.#remember(request);
  }

  /** Requests with this session that are being worked on. */
  countRequests(session: number): number {
    let count = 0;
    for (const request of this.#extras?.openRequests ?? []) if (request.session === session) count++;
    return count;
  }

  #remember(request: ActiveRequest): void {
    const { extras } = this;
    extras.openRequests ??= new OpenRequests();
    extras.openRequests.add(request);
  }

  #finish(request: ActiveRequest, value: unknown): void {
    const { message } = request;
    if (message.session === 0) return;
    if (request.state === ANSWER.DETACHED) {
      this.#remember(request);
      return;
    }
    if (request.state === ANSWER.OPEN && !(value === undefined && message.type === PTYPE.CLIENT)) {
      // The session of a client packet is its connection: without an explicit answer there is none (see gateserver).
      // Packed first: a value that cannot be sent leaves the request open, for the error that says so.
      const values = value === undefined ? [] : [value];
      if (message.type === PTYPE.LUA || message.type === PTYPE.SNAX)
        this.host.router.deliverValues(message.source, PTYPE.RESPONSE, message.session, this.handle, values);
      else {
        const body = this.packAnswer(message.type, values);
        request.state = ANSWER.DONE;
        this.answer(request, body);
      }
      request.state = ANSWER.DONE;
    }
    this.#extras?.openRequests?.delete(request);
  }

  #crash(request: ActiveRequest, thrown: unknown): void {
    if (this.#isAfterEnd(thrown)) return;
    if (isExit(thrown)) {
      // Exit hooks may still be running; whoever asked hears of the end when it comes.
      if (this.alive && request.session !== 0 && request.state !== ANSWER.DONE) this.#remember(request);
      return;
    }
    const isPassed = toldOf(thrown) === 'passed';
    if (!isPassed) this.logFailure(request.message, thrown);
    this.#extras?.openRequests?.delete(request);
    const isAnswered = request.session !== 0 && request.state !== ANSWER.DONE && this.alive;
    if (isAnswered) request.state = ANSWER.DONE;
    if (!(isAnswered && this.answerError(request, thrown)) && isPassed)
      this.logFailure(request.message, thrown);
  }

  #tellTrace({ source, body }: Message): void {
    if (!(body instanceof Uint8Array)) return;
    const { sieve } = this.extras;
    sieve.traces ??= new TraceTags();
    sieve.traces.tell(source, Buffer.from(body.buffer, body.byteOffset, body.length).toString());
  }

  #unknownRequest(request: ActiveRequest): void {
    const hook = this.#extras?.unknownRequest;
    const { message } = request;
    if (message.type === PTYPE.TRACE) {
      this.#tellTrace(message);
      return;
    }
    if (hook !== undefined) {
      this.#conclude(request, hook(request));
      return;
    }
    const name = this.protocols.nameOf(message.type);
    if (message.session === 0) {
      this.log(`Unknown request (${name}): ${textOf(message.body)}`);
      this.log(`Unknown session : 0 from ${formatHandle(message.source)}`);
      return;
    }
    const failure = failedWait('ERR_NO_DISPATCH', `no handler for ${name} messages`, {
      details: { type: name },
    });
    // Its caller hears of it; here nothing has failed.
    markTold(failure, 'passed');
    throw failure;
  }

  packAnswer(type: number, values: unknown[]): Body {
    const protocol = this.protocols.numbered(this.#extras?.sieveSoFar?.forward?.[type] ?? type);
    if (protocol?.pack !== undefined) return protocol.pack(...values);
    if (values.length === 0) return [];
    const [only] = values;
    if (values.length === 1 && (only instanceof Uint8Array || typeof only === 'string')) {
      return typeof only === 'string' ? Buffer.from(only) : only;
    }
    return copyArgs(values);
  }

  answer(request: ActiveRequest, body: Body): boolean {
    this.#extras?.openRequests?.delete(request);
    const { session, source } = request.message;
    return this.host.router.deliver(source, new Message(PTYPE.RESPONSE, session, this.handle, body));
  }

  answerError(request: ActiveRequest, error: unknown): boolean {
    this.#extras?.openRequests?.delete(request);
    return this.#refuse(request.message, remoteFailure(error, this.handle));
  }

  #refuse(message: Message, error: SkynetError): boolean {
    return (
      isRequestType(message.type) &&
      this.host.router.deliver(message.source, new Message(PTYPE.ERROR, message.session, this.handle, error))
    );
  }

  callerAlive(request: ActiveRequest): boolean {
    const { source } = request.message;
    // Of other nodes nothing is known here.
    return harborOf(source) !== harborOf(this.handle) || this.host.router.isAlive(source);
  }

  /** While the code is exchanged only answers come through, and what is asked of the service as such. */
  #isHeldBack(type: number): boolean {
    return type !== PTYPE.RESPONSE && type !== PTYPE.ERROR && type !== PTYPE.DEBUG;
  }

  /** Keeps requests that come back, in their order. */
  hold(): void {
    this.extras.sieve.held ??= new Mailbox();
  }

  /** Takes them up again, before everything that has come since. */
  release(): void {
    const sieve = this.#extras?.sieveSoFar;
    const held = sieve?.held;
    if (sieve === undefined || held === undefined) return;
    sieve.held = undefined;
    const { mailbox } = this.#desk ?? this.#sitDown();
    const since: MailboxItem[] = [];
    for (let item = mailbox.shift(); item !== undefined; item = mailbox.shift()) since.push(item);
    for (let item = held.shift(); item !== undefined; item = held.shift()) mailbox.push(item);
    for (const item of since) mailbox.push(item);
    this.host.ready(this);
  }

  /** Stops whatever it does, and keeps what comes but for answers, which go to `passAnswer`. Between two turns. */
  freeze(passAnswer: (answer: Message) => void): void {
    this.hold();
    this.extras.passAnswer = passAnswer;
    this.#unsettled = true;
    this.current = undefined;
    this.host.ready(this);
  }

  /** Goes on where it was frozen. */
  thaw(): void {
    if (this.#extras?.passAnswer === undefined) return;
    this.extras.passAnswer = undefined;
    this.settled();
    this.release();
  }

  /** Timers that start something, and do not wake a task. */
  workTimers(): Set<Timer> {
    const timers = new Set<Timer>();
    for (let timer = this.#timers; timer !== undefined; timer = timer.ownerNext)
      if (typeof timer.target === 'function') timers.add(timer);
    return timers;
  }

  /** Keeps a `LINK` debug request until this service ends. */
  keepUntilEnd(request: ActiveRequest): void {
    this.#remember(request);
  }

  setHandler(
    type: number,
    given: Dispatcher | CommandTable | undefined,
  ): Dispatcher | CommandTable | undefined {
    const previous = this.#handlerOf(type)?.given;
    if (given === undefined) return previous;
    const handler = makeHandler(given);
    if (type === PTYPE.LUA) this.luaHandler = handler;
    else {
      this.extras.handlers ??= new Map();
      this.extras.handlers.set(type, handler);
    }
    return previous;
  }

  // --- tasks ------------------------------------------------------------------------------------------------------

  /** Runs work as a task of its own, now. */
  run(task: WorkTask): void {
    const before = this.current;
    this.current = task;
    const { work, args } = task;
    this.#perform(work as AnyWork, args, undefined);
    if (!this.#unsettled) this.current = before;
  }

  #perform(work: AnyWork, args: readonly unknown[], then: (() => void) | undefined): void {
    try {
      const result = work(...args);
      if (isPromise(result)) {
        this.#follow(result, then);
        return;
      }
    } catch (thrown) {
      this.taskFailed(thrown);
    }
    then?.();
  }

  /** Whether there was such a task that has not begun: it never will. */
  removeFork(task: WorkTask): boolean {
    return this.#desk?.agenda.remove(task) ?? false;
  }

  /** A task goes on. */
  #follow(result: PromiseLike<unknown>, then: (() => void) | undefined): void {
    this.#unsettled = true;
    void whenSettled(
      result,
      () => {
        this.#tasks--;
        then?.();
      },
      (thrown) => {
        this.#tasks--;
        this.taskFailed(thrown);
        then?.();
      },
    );
    this.#tasks++;
  }

  fork(task: WorkTask): void {
    const { agenda } = this.#desk ?? this.#sitDown();
    agenda.fork(task);
    this.host.ready(this);
  }

  /** A task that goes on after the end of its service, which it may have ended itself, can do nothing more. */
  #isAfterEnd(thrown: unknown): boolean {
    return !this.alive && isSkynetError(thrown, 'ERR_SERVICE_ENDED');
  }

  taskFailed(thrown: unknown): void {
    if (!isExit(thrown) && !this.#isAfterEnd(thrown)) this.logFailure(undefined, thrown);
  }

  /** Suspends the running task. Outside every turn it goes on as a task of its own. */
  suspend(dest: Handle, protocol: Protocol | undefined, session: number): Pending {
    const pending = new Pending(this.current ?? this.#outsideTurn(), session, dest, protocol);
    this.sessions.add(pending);
    return pending;
  }

  /** What has awaited a foreign promise is nobody's task any more. */
  #outsideTurn(): object {
    warnOutsideTurn(this);
    return unknownTask();
  }

  /** Whether a task waits for something that is the framework's. */
  isSuspended(task: object): boolean {
    for (const pending of this.woken) if (pending.task === task) return true;
    return this.sessions.all().some((pending) => pending.task === task);
  }

  /** All microtasks are done: nothing that runs before its next turn is its task. */
  settled(): void {
    if (!this.#unsettled || this.#extras?.passAnswer !== undefined) return;
    this.#unsettled = false;
    const desk = this.#desk;
    if (desk === undefined) return;
    desk.current = undefined;
    if (!desk.isClear) return;
    desk.overload = OVERLOAD;
    if (!desk.stays) this.#desk = undefined;
  }

  /** It is frozen: all that has come is kept. */
  keep(passAnswer: (answer: Message) => void): void {
    for (let item = this.mailbox.shift(); item !== undefined; item = this.mailbox.shift()) {
      if (item.type === PTYPE.RESPONSE || item.type === PTYPE.ERROR) passAnswer(item as Message);
      else this.#extras?.sieveSoFar?.held?.push(item);
    }
  }

  /** Puts a suspended task that can be woken in the table of waiters. @throws ERR_TOKEN_IN_USE. */
  awaitToken(pending: Pending, token: unknown): void {
    pending.conditions.token = token;
    this.extras.waiting ??= new Map();
    this.extras.waiting.set(token, pending);
  }

  isWaiting(token: unknown): boolean {
    return this.#extras?.waiting?.has(token) ?? false;
  }

  wake(token: unknown, outcome: (pending: Pending) => unknown): boolean {
    const pending = this.#extras?.waiting?.get(token);
    // One that was woken and has not run yet can be woken again, which changes nothing.
    if (pending === undefined) return [...this.woken].some((woken) => woken.token === token);
    this.extras.waiting?.delete(token);
    pending.decide(outcome(pending), pending.failed);
    this.sessions.take(pending.session);
    pending.timer?.cancel();
    const { agenda } = this.#desk ?? this.#sitDown();
    agenda.wake(pending);
    this.host.ready(this);
    return true;
  }

  /** A driver settles a suspension: the task goes on in the order of the mailbox. Whether it was still waiting. */
  settle(pending: Pending, outcome: unknown, failed: boolean): boolean {
    if (pending.settled || pending.queuedToResume || !this.alive) return false;
    pending.markQueued();
    pending.decide(outcome, failed);
    this.push(pending);
    return true;
  }

  /** Makes a call fail; its task hears of it in the order of the mailbox. Nothing if it has ended already. */
  abandon(pending: Pending, error: SkynetError): void {
    if (pending.settled || pending.queuedToResume) return;
    this.giveUp(pending, error);
    pending.markQueued();
    this.push(pending);
  }

  /** Whoever made a request does not wait any more, and neither need those who work on it for that. */
  cancelRequest(source: Handle, session: number): void {
    this.push(new CancelTask((task) => this.#cancel(task.source, task.session), source, session));
  }

  #cancel(source: Handle, session: number): void {
    for (const request of this.#extras?.openRequests ?? []) {
      if (request.source !== source || request.session !== session) continue;
      this.extras.cancelled ??= new WeakSet();
      this.extras.cancelled.add(request);
      for (const pending of this.sessions.all()) {
        if (pending.task !== request || pending.dest === 0 || this.#extras?.independent?.has(pending))
          continue;
        this.abandon(pending, cancelledFailure());
        this.host.router.cancelRequest(pending.dest, this.handle, pending.session);
      }
    }
  }

  /** When whoever waits for what runs now gives up; 0 for never. */
  get deadline(): number {
    return this.current instanceof ActiveRequest ? this.current.message.deadline : 0;
  }

  /** Whether anything limits how long what runs now may go on. */
  get isLimited(): boolean {
    return this.deadline !== 0 || this.#extras?.isLimiting === true;
  }

  /** Tag of the trace that the request at hand belongs to. */
  get traceTag(): string | undefined {
    const traces = this.#extras?.sieveSoFar?.traces;
    return traces !== undefined && this.current instanceof ActiveRequest
      ? traces.of(this.current.message)
      : undefined;
  }

  /** Whether nobody waits any more for what runs now. */
  get isCancelled(): boolean {
    const cancelled = this.#extras?.cancelled;
    return cancelled !== undefined && this.current !== undefined && cancelled.has(this.current);
  }

  /** Makes a call fail; its answer, should it still come, is dropped. */
  giveUp(pending: Pending, error: SkynetError | ExitSignal): void {
    if (this.sessions.take(pending.session) !== undefined && pending.dest !== 0) {
      const { extras } = this;
      extras.abandoned ??= new Set();
      extras.abandoned.add(pending.session);
      if (extras.abandoned.size > MAX_ABANDONED) {
        for (const oldest of extras.abandoned) {
          extras.abandoned.delete(oldest);
          break;
        }
      }
    }
    pending.decide(error, true);
  }

  // --- timers -----------------------------------------------------------------------------------------------------

  startTimer(timer: Timer, milliseconds: number): Timer {
    this.#enlist(timer, milliseconds);
    return timer;
  }

  #enlist(timer: Timer, milliseconds: number): void {
    timer.ownerNext = this.#timers;
    if (this.#timers !== undefined) this.#timers.ownerPrev = timer;
    this.#timers = timer;
    this.host.startTimer(timer, milliseconds);
  }

  #unlist(timer: Timer): void {
    const { ownerPrev: prev, ownerNext: next } = timer;
    if (prev !== undefined) prev.ownerNext = next;
    else if (this.#timers === timer) this.#timers = next;
    if (next !== undefined) next.ownerPrev = prev;
    timer.ownerPrev = undefined;
    timer.ownerNext = undefined;
  }

  fired(timer: Timer): void {
    this.#unlist(timer);
    if (this.alive) this.push(timer);
  }

  cancelTimer(timer: Timer): boolean {
    if (timer.cancelled) return false;
    const waiting = this.host.stopTimer(timer);
    timer.markCancelled();
    if (waiting) this.#unlist(timer);
    return waiting;
  }

  // --- end --------------------------------------------------------------------------------------------------------

  /** Calls `gone` as a task of its own when another service is gone. Returns a function that stops watching. */
  watch(handle: Handle, gone: (event: GoneEvent) => unknown): () => void {
    const { extras } = this;
    extras.watches ??= new Set();
    const watch = new Watch(this, handle, gone);
    extras.watches.add(watch);
    this.host.endings.watch(watch);
    return () => {
      extras.watches?.delete(watch);
      this.#unwatch(watch);
    };
  }

  /** A watch has been told. */
  watched(watch: Watch): void {
    this.#extras?.watches?.delete(watch);
  }

  #unwatch(watch: Watch): void {
    watch.stop();
    this.host.endings.unwatch(watch);
  }

  /** Somebody else ends the service. */
  kill(): void {
    const isStarting = this.state === STATE.STARTING;
    this.end(
      'killed',
      isStarting ? failedWait('ERR_SERVICE_GONE', `${this.name} was killed while it started`) : undefined,
    );
  }

  /** Ends the service at once: everybody who waits for it gets an error, everything it opened is closed. */
  end(reason: EndReason, startFailure?: SkynetError): void {
    if (this.state === STATE.ENDED) return;
    const { onStarted } = this;
    this.onStarted = undefined;
    this.state = STATE.ENDED;
    this.host.ended(this.handle, reason);
    const refuse = (message: Message): void => void this.#refuse(message, goneFailure(this.handle));
    for (const request of this.#extras?.openRequests ?? []) {
      if (request.state !== ANSWER.DONE) refuse(request.message);
      request.state = ANSWER.DONE;
    }
    if (
      this.current instanceof ActiveRequest &&
      this.current.state !== ANSWER.DONE &&
      this.current.session !== 0
    ) {
      this.current.state = ANSWER.DONE;
      refuse(this.current.message);
    }
    for (const waiting of [this.#extras?.sieveSoFar?.held, this.mailbox]) {
      for (let item = waiting?.shift(); item !== undefined; item = waiting?.shift()) {
        if (item.type < 0 || item.type === PTYPE.RESPONSE || item.type === PTYPE.ERROR) continue;
        if ((item as Message).session !== 0) refuse(item as Message);
      }
    }
    this.host.released(this.handle);
    this.#dissolve();
    // It ended before its start function had returned.
    onStarted?.(
      startFailure ?? failedWait('ERR_SERVICE_EXITED', `${this.name} ended itself while it started`),
      this.handle,
    );
  }

  /** This instance is of no use any more, but the service lives on in another thread: nobody is told. */
  vanish(): void {
    if (this.state === STATE.ENDED) return;
    this.onStarted = undefined;
    this.state = STATE.ENDED;
    for (let item = this.mailbox.shift(); item !== undefined; item = this.mailbox.shift());
    this.#dissolve();
  }

  /** Closes and forgets everything it has. */
  #dissolve(): void {
    for (let timer = this.#timers; timer !== undefined; timer = this.#timers) {
      this.cancelTimer(timer);
      if (this.#timers === timer) this.#unlist(timer);
    }
    if (this.sessions.size > 0) for (const pending of this.sessions.all()) pending.forget();
    if (this.#extras !== undefined) {
      for (const watch of this.#extras.watches ?? []) this.#unwatch(watch);
      for (const close of this.#extras.owned ?? []) this.close(close);
    }
    if (this.#desk !== undefined) {
      this.#desk.agenda.clear();
      giveUpDesk(this.#desk, this);
    }
    this.#extras = undefined;
    this.luaHandler = undefined;
  }

  /**
   * Closes something when the service ends. Returns a function that forgets it. `holds` says what of it cannot change the
   * thread, undefined if there is nothing now.
   */
  own(close: () => unknown, holds?: () => string | undefined): () => void {
    const { extras } = this;
    extras.owned ??= new Set();
    const { owned } = extras;
    owned.add(close);
    if (holds !== undefined) {
      extras.holds ??= new Set();
      extras.holds.add(holds);
    }
    return () => {
      owned.delete(close);
      if (holds !== undefined) extras.holds?.delete(holds);
    };
  }

  /** Calls what closes something, and has the node wait for it when it stops. */
  close(close: () => unknown): void {
    const failed = (thrown: unknown): void => this.host.log(this.handle, `close failed: ${describe(thrown)}`);
    try {
      const closing = close();
      if (isPromise(closing)) this.host.closing(this.handle, whenSettled(closing, undefined, failed));
    } catch (thrown) {
      failed(thrown);
    }
  }

  // --- reports ----------------------------------------------------------------------------------------------------

  stat(): ServiceStat {
    return {
      mqlen: this.mailbox.length,
      message: this.handled,
      task: this.taskCount,
      cpu: this.host.cpuOf(this.handle),
    };
  }

  log(text: string): void {
    this.host.log(this.handle, text);
  }

  /** The original's line for an error in a task: which message was being worked on, and the stack. */
  logFailure(message: Message | undefined, thrown: unknown): void {
    const source = message?.source ?? 0;
    const size = message === undefined ? 0 : sizeOf(message.body as Body);
    const session = message?.session ?? 0;
    this.log(
      `lua call [${source.toString(16)} to ${formatShort(this.handle)} : ${session} msgsz = ${size}] error : ${describe(thrown)}`,
    );
    markTold(thrown, 'logged');
  }
}

let debugCommands: DebugCommands = () => undefined;

/** Installs the answers to `debug` messages; they are written on the service, so it cannot import them. */
export function setDebugCommands(commands: DebugCommands): void {
  debugCommands = commands;
}
